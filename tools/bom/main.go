// Bom writes down what the program is made of: the modules that are linked into it, with their licences into NOTICE
// (below its last line of "="), and as a bill of materials in CycloneDX's JSON into docs/sbom.json. Run it after a change
// of a dependency:
//
//	go -C tools run ./bom
//
// It looks at the program as the image has it: for Linux, without C. The licences come from the module cache, and Go's
// from the toolchain. The same modules give the same bytes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bom:", err)
		os.Exit(1)
	}
}

func run(args []string, messages io.Writer) error {
	flags := flag.NewFlagSet("bom", flag.ContinueOnError)
	flags.SetOutput(messages)
	root := flags.String("root", "..", "the module's folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	made, err := files(*root)
	for name, content := range made {
		err = errors.Join(err, os.WriteFile(filepath.Join(*root, name), content, 0o644))
	}
	return err
}

// files are what run writes, by name.
func files(root string) (map[string][]byte, error) {
	all, err := linked(root)
	if err != nil {
		return nil, err
	}
	old, err := os.ReadFile(filepath.Join(root, "NOTICE"))
	if err != nil {
		return nil, err
	}
	notice, err := noticeFile(old, all)
	if err != nil {
		return nil, err
	}
	metadata, err := os.ReadFile(filepath.Join(root, "metadata.yaml"))
	if err != nil {
		return nil, err
	}
	sbom, err := sbomFile(metadata, all)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"NOTICE": notice, filepath.Join("docs", "sbom.json"): sbom}, nil
}
