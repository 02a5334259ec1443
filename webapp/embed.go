// Package webapp holds the pages that browsers load, inside the binary. In: what `just build` made of
// the TypeScript beside this file, in dist. Out: Files, for the bridge to serve. A program that was
// compiled without the web app serves one page instead that says how to build it.
//
// Reading order of the web app: src/call/state.ts (what a call is), src/call (how it comes about),
// src/main.ts, src/ui (how it looks).
package webapp

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

//go:embed unbuilt
var unbuilt embed.FS

// Files returns the pages, with index.html at the root. built is false when the web app was not
// built before the program was; the files are then that one page with its stylesheet.
func Files() (files fs.FS, built bool) {
	return pages(dist, unbuilt)
}

// pages takes the folder dist of made if it holds a page, else the folder unbuilt of instead.
func pages(made, instead fs.FS) (fs.FS, bool) {
	if _, err := fs.Stat(made, "dist/index.html"); err == nil {
		return sub(made, "dist"), true
	}
	return sub(instead, "unbuilt"), false
}

// sub is fs.Sub for names that are known to be good.
func sub(files fs.FS, folder string) fs.FS {
	inner, err := fs.Sub(files, folder)
	if err != nil {
		panic("webapp: open folder " + folder + ": " + err.Error())
	}
	return inner
}
