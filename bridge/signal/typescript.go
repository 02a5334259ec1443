package signal

import (
	"fmt"
	"reflect"
	"strings"
)

// TypeScript is the protocol as types for the web app: an interface per struct, and one union per
// direction that narrows by its field type.
func TypeScript() string {
	var b strings.Builder
	b.WriteString("// Made from bridge/signal by `just gen`. Do not edit.\n\n")
	fmt.Fprintf(&b, "export const version = %d;\n\n", Version)
	b.WriteString("export type MediaState = 'on' | 'off' | 'none';\n\n")
	fmt.Fprintf(&b, "export type Code = %s;\n", union(codes()))
	for _, t := range structs() {
		fmt.Fprintf(&b, "\nexport interface %s {\n", t.Name())
		for _, f := range fields(t) {
			fmt.Fprintf(&b, "  %s%s: %s;\n", f.name, mark(f.optional), tsType(f))
		}
		b.WriteString("}\n")
	}
	writeUnion(&b, "FromClient", FromClient)
	writeUnion(&b, "FromServer", FromServer)
	return b.String()
}

func writeUnion(b *strings.Builder, name string, d Direction) {
	fmt.Fprintf(b, "\nexport type %s =", name)
	for _, s := range registry {
		if s.from&d != 0 {
			fmt.Fprintf(b, "\n  | ({ type: '%s' } & %s)", s.name, s.typ.Name())
		}
	}
	b.WriteString(";\n")
}

// field is a field of a message as it stands on the wire.
type field struct {
	name     string
	optional bool
	ts       string // the tag that overrides the derived TypeScript type
	typ      reflect.Type
}

func fields(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, field{name, rest == "omitempty", f.Tag.Get("ts"), f.Type})
	}
	return out
}

// structs lists the messages' types and those they hold, each once, in the order of the registry.
func structs() []reflect.Type {
	var out []reflect.Type
	seen := map[reflect.Type]bool{}
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice:
			add(t.Elem())
		case reflect.Struct:
			if seen[t] {
				return
			}
			seen[t] = true
			for i := range t.NumField() {
				add(t.Field(i).Type)
			}
			out = append(out, t)
		}
	}
	for _, s := range registry {
		add(s.typ)
	}
	return out
}

func tsType(f field) string {
	if f.ts != "" {
		return f.ts
	}
	if f.typ == reflect.TypeFor[Code]() {
		return "Code"
	}
	return tsOf(f.typ)
}

func tsOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "number"
	case reflect.Slice:
		return tsOf(t.Elem()) + "[]"
	case reflect.Pointer:
		return tsOf(t.Elem())
	case reflect.Struct:
		return t.Name()
	default:
		panic("signal: no TypeScript type for " + t.String())
	}
}

func codes() []string {
	var out []string
	for _, c := range allCodes {
		out = append(out, string(c))
	}
	return out
}

func union(values []string) string { return "'" + strings.Join(values, "' | '") + "'" }

func mark(optional bool) string {
	if optional {
		return "?"
	}
	return ""
}
