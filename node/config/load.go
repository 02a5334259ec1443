package config

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// Environ looks a variable of the environment up, as os.LookupEnv does.
type Environ func(name string) (value string, there bool)

// Load reads every setting. It adds the settings to flags, which may hold flags of the caller's own, and
// parses args with them. flag.ErrHelp comes back where help was asked for. Every other error is one line
// that says what to change.
func Load(flags *flag.FlagSet, args []string, environ Environ) (Config, error) {
	flagged := map[string]string{}
	for name, field := range settings() {
		take := func(text string) error { flagged[name] = text; return nil }
		if field.Type.Kind() == reflect.Bool {
			flags.BoolFunc(name, "", take)
		} else {
			flags.Func(name, "", take)
		}
	}
	path := flags.String("config", "", "")
	flags.SetOutput(io.Discard) // the error says it all
	if err := flags.Parse(args); err != nil {
		return Config{}, unflagged(err)
	}
	if flags.NArg() > 0 {
		return Config{}, fmt.Errorf("config: %q is not understood here: every setting begins with --", flags.Arg(0))
	}
	if text, there := environ(variable("config")); there && *path == "" {
		*path = text
	}
	written := map[string]string{}
	if *path != "" {
		var err error
		if written, err = readFile(*path); err != nil {
			return Config{}, fmt.Errorf("config: %w", err)
		}
	}
	return assemble(flagged, environ, *path, written)
}

// assemble takes each setting from the strongest place that has it.
func assemble(flagged map[string]string, environ Environ, path string, written map[string]string) (Config, error) {
	c := Config{from: map[string]given{}}
	for name, field := range settings() {
		at := given{text: field.Tag.Get("default"), place: byDefault}
		if text, there := written[name]; there {
			at = given{text, path}
		}
		if text, there := environ(variable(name)); there {
			at = given{text, variable(name)}
		}
		if text, there := flagged[name]; there {
			at = given{text, "--" + name}
		}
		if name == "data" && at.text == "" {
			folder, err := dataFolder(environ)
			if err != nil {
				return Config{}, fmt.Errorf("config: %w", err)
			}
			at.text = folder
		}
		c.from[name] = at
		if err := set(reflect.ValueOf(&c).Elem().FieldByIndex(field.Index), at.text); err != nil {
			return Config{}, c.wrong(name, err.Error())
		}
	}
	return c, c.check()
}

// settings goes through the fields of Config that are settings, by their names.
func settings() func(yield func(string, reflect.StructField) bool) {
	return func(yield func(string, reflect.StructField) bool) {
		for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
			if name := field.Tag.Get("name"); name != "" && !yield(name, field) {
				return
			}
		}
	}
}

// variable is a setting's name in the environment.
func variable(name string) string {
	return "PARLEY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// unflagged turns what package flag says into our words.
func unflagged(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		return fmt.Errorf("config: there is no setting --%s: parley help lists them", strings.TrimPrefix(name, "-"))
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
		return fmt.Errorf("config: --%s needs a value after it", strings.TrimPrefix(name, "-"))
	}
	return fmt.Errorf("config: %w", err)
}

// dataFolder is where a user's programs keep what they cannot make again, by the XDG base directory
// specification; other systems than Linux have their own places, but one rule is easier to find.
func dataFolder(environ Environ) (string, error) {
	if base, there := environ("XDG_DATA_HOME"); there && filepath.IsAbs(base) {
		return filepath.Join(base, "parley"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("this user has no home folder: say with --data where the node keeps its key")
	}
	return filepath.Join(home, ".local", "share", "parley"), nil
}

// readFile reads lines of the form "name = value". A # begins a comment; a value in double quotes may hold
// anything, written as in Go.
func readFile(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	known := map[string]bool{}
	for name := range settings() {
		known[name] = true
	}
	values := map[string]string{}
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		name, value, err := readLine(lines.Text())
		_, twice := values[name]
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s line %d: %w", path, number, err)
		case name == "":
		case !known[name]:
			return nil, fmt.Errorf("%s line %d: there is no setting %q: parley help lists them", path, number, name)
		case twice:
			return nil, fmt.Errorf("%s line %d: %s is set a second time: keep one of the two lines", path, number, name)
		default:
			values[name] = value
		}
	}
	return values, lines.Err()
}

// readLine splits one line of the file. The name is empty where the line says nothing.
func readLine(line string) (name, value string, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", "", nil
	}
	name, value, found := strings.Cut(line, "=")
	if !found {
		return "", "", errors.New("write it as name = value")
	}
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if strings.HasPrefix(value, `"`) {
		quoted, err := strconv.QuotedPrefix(value)
		if rest := strings.TrimSpace(strings.TrimPrefix(value, quoted)); err != nil || rest != "" && rest[0] != '#' {
			return "", "", errors.New("the value's double quotes do not match")
		}
		value, err = strconv.Unquote(quoted)
		return name, value, err
	}
	if at := strings.Index(" "+value, " #"); at >= 0 {
		value = strings.TrimSpace(value[:at])
	}
	return name, value, nil
}
