package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// top is all that may stand at the top, beside files with a dot and the program that `just build` makes.
var top = []string{"node", "relay", "webapp", "bridge", "e2e", "go.mod", "go.sum", "Justfile", "README.md", "parley"}

func TestTopHoldsNothingElse(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(top, name) {
			t.Errorf("%s stands at the top", name)
		}
	}
}

// branching are the files that may ask which shape a room has, and why. Everywhere else there are only links:
// code that asks is where the third person's sound dies.
var branching = map[string]string{
	"node/room/plan.go":           "decides",
	"node/room/links.go":          "expands",
	"webapp/src/call/links.ts":    "expands, in the browser",
	"node/room/room.go":           "declares the two words",
	"bridge/signal/messages.go":   "declares them on the wire",
	"webapp/src/ui/connection.ts": "shows it in words",
}

// asks finds in TypeScript what asks for the mode: the word itself, or a comparison.
var asks = regexp.MustCompile(`['"\x60]mesh['"\x60]|\.mode\s*[!=]==?|[!=]==?\s*[\w.]+\.mode\b|switch\s*\([\w.]+\.mode\)`)

func TestOnlyThreeFilesBranchOnTheMode(t *testing.T) {
	unused := maps.Clone(branching)
	for _, one := range sources(t, ".go", ".ts", ".svelte") {
		if strings.HasSuffix(one.path, "_test.go") || strings.HasSuffix(one.path, ".test.ts") || strings.HasSuffix(one.path, "/testing.ts") || strings.HasPrefix(one.path, "e2e/") {
			continue // they say what they expect
		}
		if one.tree != nil && !asksInGo(one.tree) || one.tree == nil && !asks.MatchString(uncommented(one.text)) {
			continue
		}
		if delete(unused, one.path); branching[one.path] == "" {
			t.Errorf("%s asks whether a room is a mesh", one.path)
		}
	}
	for path := range unused {
		t.Errorf("%s no longer asks for the mode: take it off the list", path)
	}
}

// asksInGo finds the word "mesh", alone or in a struct's tag, and comparisons with a Mode.
func asksInGo(tree *ast.File) bool {
	found := false
	ast.Inspect(tree, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.BasicLit:
			found = found || node.Kind == token.STRING && (node.Value == `"mesh"` || strings.Contains(node.Value, "'mesh'"))
		case *ast.BinaryExpr:
			found = found || (node.Op == token.EQL || node.Op == token.NEQ) && (isMode(node.X) || isMode(node.Y))
		case *ast.SwitchStmt:
			found = found || isMode(node.Tag)
		case *ast.CaseClause:
			found = found || slices.ContainsFunc(node.List, isMode)
		}
		return !found
	})
	return found
}

// isMode tells a plan's field Mode, or one of its two values, by the name. A call such as os.FileInfo's
// Mode() is neither.
func isMode(e ast.Expr) bool {
	name := ""
	switch e := e.(type) {
	case *ast.Ident:
		name = e.Name
	case *ast.SelectorExpr:
		name = e.Sel.Name
	}
	return name == "Mode" || name == "mode" || name == "ModeMesh" || name == "ModeRelay"
}

// comment finds comments in TypeScript and in Svelte's markup; // behind a colon is an address.
var comment = regexp.MustCompile(`(?s:/\*.*?\*/)|(?s:<!--.*?-->)|(?m:(^|[^:'"\x60])//.*$)`)

func uncommented(text string) string { return comment.ReplaceAllString(text, "") }

// The call works without a page around it, and what draws the page opens no connection.
func TestCallAndPageStayApart(t *testing.T) {
	for folder, banned := range map[string]*regexp.Regexp{
		"webapp/src/call/": regexp.MustCompile(`\bdocument\b|from '(svelte|\.\./ui)[/']`),
		"webapp/src/ui/":   regexp.MustCompile(`\bRTCPeerConnection\b`),
	} {
		seen := false
		for _, one := range sources(t, ".ts", ".svelte") {
			if !strings.HasPrefix(one.path, folder) {
				continue
			}
			seen = true
			if found := banned.FindString(uncommented(one.text)); found != "" {
				t.Errorf("%s has %q", one.path, found)
			}
		}
		if !seen {
			t.Errorf("%s is empty", folder)
		}
	}
}

// A test that sleeps is slow when all is well and fails when the machine is busy.
func TestNoTestSleeps(t *testing.T) {
	for _, one := range sources(t, ".go") {
		if !strings.HasSuffix(one.path, "_test.go") {
			continue
		}
		ast.Inspect(one.tree, func(node ast.Node) bool {
			if s, ok := node.(*ast.SelectorExpr); ok && s.Sel.Name == "Sleep" {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s sleeps", positions.Position(s.Pos()))
				}
			}
			return true
		})
	}
}

// Every package says what it is, and every exported name what it is for.
func TestExportedNamesAreDocumented(t *testing.T) {
	said := map[string]bool{}
	for _, one := range sources(t, ".go") {
		if strings.HasSuffix(one.path, "_test.go") {
			continue
		}
		folder := filepath.Dir(one.path)
		said[folder] = said[folder] || one.tree.Doc != nil
		for _, decl := range one.tree.Decls {
			for _, name := range undocumented(decl) {
				t.Errorf("%s: %s has no comment", one.path, name)
			}
		}
	}
	for folder, ok := range said {
		if !ok {
			t.Errorf("no file of %s says what the package is", folder)
		}
	}
}

// undocumented are the exported names of a declaration without a comment of their own or of their group.
func undocumented(decl ast.Decl) []string {
	var names []string
	miss := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if name.IsExported() && !slices.ContainsFunc(docs, func(doc *ast.CommentGroup) bool { return doc != nil }) {
			names = append(names, name.Name)
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if name := functionName(decl); ast.IsExported(name) { // a method of an unexported type serves an interface
			miss(decl.Name, decl.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				miss(spec.Name, decl.Doc, spec.Doc, spec.Comment)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					miss(name, decl.Doc, spec.Doc, spec.Comment)
				}
			}
		}
	}
	return names
}

// Lock files name no registry, because everybody has another nearest one. They name every optional package,
// also those of other systems: where one is missing, npm ci refuses the whole file.
func TestLockFilesServeEverybody(t *testing.T) {
	files, err := filepath.Glob("../*/package-lock.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no lock files: %v", err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var lock struct {
			Packages map[string]struct {
				Resolved             string
				OptionalDependencies map[string]string
			}
		}
		if err := json.Unmarshal(text, &lock); err != nil {
			t.Fatal(err)
		}
		for name, one := range lock.Packages {
			if one.Resolved != "" {
				t.Errorf("%s names a registry for %s: its folder's .npmrc wants omit-lockfile-registry-resolved=true", path, name)
			}
			for optional := range one.OptionalDependencies {
				_, beside := lock.Packages["node_modules/"+optional]
				_, within := lock.Packages[name+"/node_modules/"+optional]
				if !beside && !within {
					t.Errorf("%s lacks %s, which %s names", path, optional, name)
				}
			}
		}
	}
}

// Guards that see nothing pass for ever, so each is shown what it forbids, and what it must let by.
func TestGuardsSeeWhatTheyForbid(t *testing.T) {
	for code, want := range map[string]bool{
		`if p.Mode == other {}`:                           true,
		`switch p.Mode { default: }`:                      true,
		`switch { case x == room.ModeRelay: }`:            true,
		`s := "mesh"; _ = s`:                              true,
		`if info.Mode().Perm() != 0 {}`:                   false,
		`q := Plan{Mode: p.Mode, Note: "a mesh"}; use(q)`: false,
	} {
		tree, err := parser.ParseFile(token.NewFileSet(), "", "package x\nfunc f() { "+code+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		if asksInGo(tree) != want {
			t.Errorf("Go: %s: seen %v", code, !want)
		}
	}
	for code, want := range map[string]bool{
		`if (plan.mode === other)`: true, `x !== s.plan.mode`: true, `switch (plan.mode) {`: true, `a("mesh")`: true,
		`const mode = plan.mode;`: false, `// plan.mode === 'mesh'`: false, `show('a mesh')`: false,
	} {
		if asks.MatchString(uncommented(code)) != want {
			t.Errorf("TypeScript: %s: seen %v", code, !want)
		}
	}
	for text, want := range map[string]string{
		"a /* b\nc */ d": "a  d", "a // b\nc": "a\nc", "'https://x.example' b": "'https://x.example' b", "<!-- a\nb --><p>": "<p>",
	} {
		if got := uncommented(text); got != want {
			t.Errorf("without comments %q is %q, want %q", text, got, want)
		}
	}
}
