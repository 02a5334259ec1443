package webapp

import (
	"bytes"
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestBuiltPagesAreServed(t *testing.T) {
	made := fstest.MapFS{
		"dist/index.html":   {Data: []byte("the web app")},
		"dist/assets/a.js":  {Data: []byte("1")},
		"unrelated/secrets": {Data: []byte("no")},
	}
	files, built := pages(made, unbuilt)
	if !built {
		t.Fatal("a folder with index.html counts as not built")
	}
	if got, err := fs.ReadFile(files, "index.html"); err != nil || string(got) != "the web app" {
		t.Fatalf("index.html = %q, %v", got, err)
	}
	if _, err := fs.Stat(files, "assets/a.js"); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(files, "unrelated/secrets"); err == nil {
		t.Fatal("files outside dist are served")
	}
}

func TestFreshCloneSaysHowToBuild(t *testing.T) {
	clone := fstest.MapFS{"dist/.keep": {}}
	files, built := pages(clone, unbuilt)
	if built {
		t.Fatal("a folder without index.html counts as built")
	}
	page, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, []byte("npx --yes rust-just build")) {
		t.Error("the page does not name the command")
	}
	if bytes.Contains(page, []byte("<style")) || bytes.Contains(page, []byte("style=")) {
		t.Error("the content security policy forbids inline styles")
	}
	if _, err := fs.Stat(files, "page.css"); err != nil {
		t.Error(err)
	}
}

func TestFilesHoldAPageEitherWay(t *testing.T) {
	files, _ := Files()
	if _, err := fs.Stat(files, "index.html"); err != nil {
		t.Fatal(err)
	}
}
