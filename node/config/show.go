package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Print writes every setting that is in force and where it came from, in the form that --config reads.
func (c Config) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for name := range settings() {
		fmt.Fprintf(table, "%s\t= %s\t# %s\n", name, quote(c.from[name].text), c.from[name].place)
	}
	return table.Flush()
}

// quote leaves a value as it is wherever readLine would read it back unharmed.
func quote(text string) string {
	_, back, err := readLine("x=" + text)
	if err != nil || back != text {
		return strconv.Quote(text)
	}
	return text
}

// helpWidth is how many columns a line of help takes at most, on a terminal of 80.
const helpWidth = 78

// Help writes what there is to set.
func Help(w io.Writer) {
	fmt.Fprintf(w, "Each can be given as a flag (--mesh-max 4), in the environment\n(%s=4), or as a line of the file that --config names\n", variable("mesh-max"))
	fmt.Fprint(w, "(mesh-max = 4). The first of these that is there counts.\n\n")
	for name, field := range settings() {
		help := field.Tag.Get("help")
		if standard := field.Tag.Get("default"); standard != "" && standard != "false" {
			help += " Default: " + standard + "."
		}
		describe(w, name, field.Tag.Get("takes"), help)
	}
	describe(w, "config", "file", "Read settings from this file. In the environment: "+variable("config")+".")
}

// describe writes one flag and, indented and wrapped, what it does.
func describe(w io.Writer, name, takes, help string) {
	fmt.Fprintf(w, "  --%s\n", strings.TrimSpace(name+" "+takes))
	line := "     "
	for _, word := range strings.Fields(help) {
		if len(line)+1+len(word) > helpWidth {
			fmt.Fprintln(w, line)
			line = "     "
		}
		line += " " + word
	}
	fmt.Fprintln(w, line)
}
