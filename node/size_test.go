package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Long tails are where code stops being read. Beyond these a reason is wanted.
const (
	maxFileLines     = 400
	maxFunctionLines = 60
	maxParameters    = 5
	maxFields        = 15
)

// reasons allow single tails, each by the name that the test gives it. One that is no longer needed fails.
var reasons = map[string]string{
	"fields of node/config/config.go Config":                                "a table: one line per setting",
	"lines of bridge/session_test.go TestBadInputGetsItsFault":              "a table of bad inputs",
	"fields of relay/relay.go Stats":                                        "a list of counters, each read by itself",
	"fields of node/bot/stats.go Stats":                                     "a report: one line per figure",
	"fields of node/bot/ledger.go Tally":                                    "a list of counters, each read by itself",
	"lines of node/bot/player_test.go TestAReceiverFindsEachFaultOfAStream": "a table of faults",
	"fields of relay/page_test.go testPage":                                 "a whole page, told from one place",
}

// source is a file of ours that people write and read.
type source struct {
	path string // from the top, with slashes
	text string
	tree *ast.File // nil for what is not Go
}

// positions are shared by all trees.
var positions = token.NewFileSet()

// sources are all files with one of these endings, those left out that a machine wrote.
func sources(t *testing.T, endings ...string) []source {
	t.Helper()
	var found []source
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if name == "node_modules" || name == "dist" || name == "testdata" || strings.HasPrefix(name, ".") && name != ".." {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains(endings, filepath.Ext(name)) || strings.HasSuffix(name, ".gen.ts") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		one := source{path: strings.TrimPrefix(filepath.ToSlash(path), "../"), text: string(text)}
		if filepath.Ext(name) == ".go" {
			if one.tree, err = parser.ParseFile(positions, path, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
				return err
			}
			if ast.IsGenerated(one.tree) {
				return nil
			}
		}
		found = append(found, one)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("there are no files that end in %v", endings)
	}
	return found
}

func TestTailsHaveReasons(t *testing.T) {
	unused := map[string]bool{}
	for name, reason := range reasons {
		unused[name] = true
		if reason == "" {
			t.Errorf("%s: an empty reason is none", name)
		}
	}
	tail := func(name string, size, most int) {
		if size <= most {
			return
		}
		if delete(unused, name); reasons[name] == "" {
			t.Errorf("%s: %d, more than %d. Split it, or give a reason in size_test.go", name, size, most)
		}
	}
	for _, one := range sources(t, ".go", ".ts", ".mts", ".js", ".mjs", ".svelte", ".css") {
		tail("lines of "+one.path, strings.Count(one.text, "\n"), maxFileLines)
		if one.tree == nil {
			continue
		}
		ast.Inspect(one.tree, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncDecl:
				name := one.path + " " + functionName(node)
				lines := positions.Position(node.End()).Line - positions.Position(node.Pos()).Line + 1
				tail("lines of "+name, lines, maxFunctionLines)
				tail("parameters of "+name, node.Type.Params.NumFields(), maxParameters)
			case *ast.TypeSpec:
				if s, ok := node.Type.(*ast.StructType); ok {
					tail("fields of "+one.path+" "+node.Name.Name, s.Fields.NumFields(), maxFields)
				}
			}
			return true
		})
	}
	for name := range unused {
		t.Errorf("%s: the reason is no longer needed", name)
	}
}

// functionName is a function's name, with its type's where it is a method.
func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	return fmt.Sprintf("%v.%s", receiver, f.Name.Name)
}
