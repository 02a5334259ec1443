package signal

import (
	"fmt"
	"strings"
)

// Marks between which [Markdown] stands in PROTOCOL.md.
const (
	MarkdownBegin = "<!-- made by `just gen` from registry.go: begin -->\n"
	MarkdownEnd   = "<!-- end -->\n"
)

// Markdown is the part of PROTOCOL.md that is made from the registry: the table of messages, the
// fields of each, and the codes of faults.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| type | from | fields | meaning |\n|---|---|---|---|\n")
	for _, s := range registry {
		var names []string
		for _, f := range fields(s.typ) {
			names = append(names, "`"+f.name+mark(f.optional)+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.name, sides(s.from), strings.Join(names, " "), s.text)
	}
	b.WriteString("\nA `?` marks a field that may be missing. The fields' types:\n\n```ts\n")
	for _, t := range structs() {
		var parts []string
		for _, f := range fields(t) {
			parts = append(parts, f.name+mark(f.optional)+": "+tsType(f))
		}
		fmt.Fprintf(&b, "%s { %s }\n", t.Name(), strings.Join(parts, "; "))
	}
	b.WriteString("```\n\nCodes of faults:\n\n| code | closes the connection |\n|---|---|\n")
	for _, c := range allCodes {
		closes := "no"
		if fatal[c] {
			closes = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", c, closes)
	}
	return b.String()
}

// Splice puts the generated part into the text of PROTOCOL.md.
func Splice(doc string) (string, error) {
	before, rest, ok := strings.Cut(doc, MarkdownBegin)
	_, after, ok2 := strings.Cut(rest, MarkdownEnd)
	if !ok || !ok2 {
		return "", fmt.Errorf("signal: splice PROTOCOL.md: the marks are missing")
	}
	return before + MarkdownBegin + Markdown() + MarkdownEnd + after, nil
}

func sides(d Direction) string {
	switch d {
	case FromClient:
		return "page"
	case FromServer:
		return "bridge"
	default:
		return "both"
	}
}
