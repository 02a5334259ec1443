package main

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers is the house: imports go down a layer, never sideways, so that each part can be read by itself. Those
// of layer 0 stand on the standard library alone.
var layers = map[string]int{
	"parley/node": 3, // wires everything, decides nothing

	"parley/node/switchboard": 2,
	"parley/node/bot":         2,
	"parley/node/config":      2,
	"parley/node/observe":     2,

	"parley/bridge":       1, // these never see each other
	"parley/relay":        1,
	"parley/relay/turn":   1,
	"parley/node/overlay": 1,
	"parley/webapp":       1,

	"parley/bridge/signal/gen": 1, // the command that writes what is made from the protocol

	"parley/node/room":     0,
	"parley/bridge/signal": 0,
}

// owners are the only packages that may know a library, so that what it costs and how it fails is dealt with
// in one place.
var owners = map[string][]string{
	"github.com/gorilla/":      {"parley/bridge", "parley/node/bot"},
	"github.com/libp2p/":       {"parley/node/overlay"},
	"github.com/multiformats/": {"parley/node/overlay"},
	"github.com/pion/":         {"parley/relay", "parley/relay/turn", "parley/node/bot"},
	"github.com/prometheus/":   {"parley/node/observe"},
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// packages are all of this module's.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var one listed
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
}

func TestImportsGoDownALayer(t *testing.T) {
	for _, one := range packages(t) {
		layer, known := layers[one.ImportPath]
		if !known {
			t.Errorf("%s has no layer: give it one in layers", one.ImportPath)
			continue
		}
		// Tests too: what cannot be tested from below or beside does not belong where it is.
		for _, other := range slices.Concat(one.Imports, one.TestImports, one.XTestImports) {
			under, ours := layers[other]
			if ours && under >= layer && other != one.ImportPath {
				t.Errorf("%s (layer %d) imports %s (layer %d)", one.ImportPath, layer, other, under)
			}
			if !ours && strings.HasPrefix(other, "parley/") {
				t.Errorf("%s imports %s, which has no layer", one.ImportPath, other)
			}
		}
	}
}

func TestLayerZeroStandsOnTheStandardLibrary(t *testing.T) {
	for _, one := range packages(t) {
		if layer, known := layers[one.ImportPath]; !known || layer > 0 {
			continue
		}
		for _, other := range one.Imports {
			if domain, _, _ := strings.Cut(other, "/"); strings.Contains(domain, ".") || strings.HasPrefix(other, "parley/") {
				t.Errorf("%s imports %s", one.ImportPath, other)
			}
		}
	}
}

func TestLibrariesHaveOwners(t *testing.T) {
	for _, one := range packages(t) {
		for _, other := range one.Imports { // tests may dial like anybody
			for _, library := range slices.Sorted(maps.Keys(owners)) {
				if strings.HasPrefix(other, library) && !slices.Contains(owners[library], one.ImportPath) {
					t.Errorf("%s imports %s, which is for %s only", one.ImportPath, other, strings.Join(owners[library], " and "))
				}
			}
		}
	}
}
