package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// module is one that is linked into the program.
type module struct {
	path, version string   // the version is empty for the program itself, and for Go's own library
	licence       string   // SPDX
	texts         []string // of the licence, and of NOTICE and PATENTS files beside it
	needs         []string // the paths of the modules that it imports, sorted
}

// goLibrary is the path of what comes with the toolchain. It has no version here: that is the toolchain's, which the
// program itself knows (go version -m).
const goLibrary = "std"

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Module     *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// modulePath is where a package belongs.
func (p listed) modulePath() string {
	if p.Module == nil {
		return goLibrary
	}
	return p.Module.Path
}

// linked are the modules of a program, itself first, and then sorted.
func linked(root string) ([]module, error) {
	packages, err := list(root)
	if err != nil {
		return nil, err
	}
	byPath := map[string]*module{}
	owner := map[string]string{}
	for _, p := range packages {
		owner[p.ImportPath] = p.modulePath()
		if byPath[p.modulePath()] != nil {
			continue
		}
		if byPath[p.modulePath()], err = newModule(root, p); err != nil {
			return nil, err
		}
	}
	var all []module
	main := packages[len(packages)-1].modulePath() // go list names what is imported first
	for path, m := range byPath {
		for _, p := range packages {
			for _, imported := range p.Imports {
				if to := owner[imported]; p.modulePath() == path && to != path && to != "" && !slices.Contains(m.needs, to) {
					m.needs = append(m.needs, to)
				}
			}
		}
		slices.Sort(m.needs)
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b module) int {
		if a.path == main || b.path == main {
			return map[bool]int{true: -1, false: 1}[a.path == main]
		}
		return strings.Compare(a.path, b.path)
	})
	return all, nil
}

// list asks go for all packages of the program for the image.
func list(root string) ([]listed, error) {
	command := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Module", ".")
	command.Dir, command.Env = root, append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

func newModule(root string, p listed) (*module, error) {
	m := &module{path: p.modulePath()}
	dir := ""
	switch {
	case p.Module == nil:
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return nil, fmt.Errorf("go env: %w", err)
		}
		dir = strings.TrimSpace(string(out))
	case p.Module.Main:
		dir = root
	default:
		m.version, dir = p.Module.Version, p.Module.Dir
	}
	return m, m.readTexts(dir)
}

// readTexts reads the files that are about rights.
func (m *module) readTexts(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, _, _ := strings.Cut(entry.Name(), ".")
		if !slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"}, strings.ToUpper(name)) ||
			m.version == "" && m.path != goLibrary && strings.ToUpper(name) == "NOTICE" { // the program's own, which is written here
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		m.texts = append(m.texts, strings.ReplaceAll(string(text), "\r\n", "\n"))
	}
	m.licence, err = licence(strings.Join(m.texts, "\n"))
	if err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	return nil
}

// licence recognises those that a permissive program may link, by a sentence of each.
func licence(text string) (string, error) {
	words := strings.Join(strings.Fields(text), " ")
	for _, known := range [][2]string{
		{"Apache License Version 2.0", "Apache-2.0"},
		{"Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"},
		{"Neither the name of", "BSD-3-Clause"},
	} {
		if strings.Contains(words, known[0]) {
			return known[1], nil
		}
	}
	return "", errors.New("no licence that is known here: may the program be linked with it?")
}
