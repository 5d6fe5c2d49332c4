package main_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// linkedModule is what go says of a module of which a package is linked into the program.
type linkedModule struct{ Path, Version, Dir string }

// TestBillOfMaterials wants each module that is linked into the image's program, and no other, in NOTICE with all of its
// licence, and in docs/sbom.json. `go -C tools run ./bom` writes both.
func TestBillOfMaterials(t *testing.T) {
	modules := linkedModules(t)
	require.NotEmpty(t, modules)
	var sbom struct {
		Components []struct{ Type, Name, Version string }
	}
	require.NoError(t, json.Unmarshal(readFile(t, "docs/sbom.json"), &sbom))
	listed := map[string]string{}
	for _, c := range sbom.Components {
		if c.Type == "library" && c.Name != "std" {
			listed[c.Name] = c.Version
		}
	}
	notice := words(readFile(t, "NOTICE"))
	linked := map[string]string{}
	for _, m := range modules {
		linked[m.Path] = m.Version
		require.Contains(t, notice, m.Path+" "+m.Version+" (")
		for _, file := range rightsFiles(t, m.Dir) {
			require.Contains(t, notice, words(readFile(t, file)), file)
		}
	}
	require.Equal(t, linked, listed, "docs/sbom.json is stale: go -C tools run ./bom")
	titles := regexp.MustCompile(`(?m)^\S+ v\S+ \(.*\)$`).FindAll(readFile(t, "NOTICE"), -1)
	require.Len(t, titles, len(linked), "NOTICE names others: go -C tools run ./bom")
}

// linkedModules asks go for the modules of the program as the image has it.
func linkedModules(t *testing.T) []linkedModule {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps",
		"-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", ".")
	command.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	out, err := command.Output()
	require.NoError(t, err)
	var all []linkedModule
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if parts := strings.Split(strings.TrimSpace(line), "\t"); len(parts) == 3 && !seen[parts[0]] {
			seen[parts[0]] = true
			all = append(all, linkedModule{parts[0], parts[1], parts[2]})
		}
	}
	return all
}

// rightsFiles are the files of a module that a copy of it has to bring along.
func rightsFiles(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"LICEN[CS]E*", "NOTICE*", "COPYING*", "PATENTS*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		all = append(all, found...)
	}
	require.NotEmpty(t, all, dir)
	return all
}

// words is a text in one line.
func words(text []byte) string { return string(bytes.Join(bytes.Fields(text), []byte(" "))) }
