// Command gen writes what is made from the protocol's registry: the web app's types and the tables
// of PROTOCOL.md. It is run by `just gen` in the project's root.
package main

import (
	"log"
	"os"

	"parley/bridge/signal"
)

func main() {
	const doc, types = "bridge/signal/PROTOCOL.md", "webapp/src/call/signal.gen.ts"
	old, err := os.ReadFile(doc)
	if err != nil {
		log.Fatalf("gen: read the document: %v", err)
	}
	text, err := signal.Splice(string(old))
	if err != nil {
		log.Fatalf("gen: %v", err)
	}
	for path, content := range map[string]string{doc: text, types: signal.TypeScript()} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			log.Fatalf("gen: write: %v", err)
		}
	}
}
