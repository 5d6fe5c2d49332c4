package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun pins, and pins again, with a docker that answers with a digest for the tag alone.
func TestRun(t *testing.T) {
	first, second := "sha256:"+strings.Repeat("1a", 32), "sha256:"+strings.Repeat("2b", 32)
	tests := map[string]struct{ before, answer, after string }{
		"a tag":      {"ARG A_IMAGE=a:1\nFROM ${A_IMAGE}\n", first, "ARG A_IMAGE=a:1@" + first + "\nFROM ${A_IMAGE}\n"},
		"a digest":   {"ARG A_IMAGE=a:1@" + first + "\n", second, "ARG A_IMAGE=a:1@" + second + "\n"},
		"two images": {"ARG A_IMAGE=a:1\nARG B_IMAGE=a:1\n", first, "ARG A_IMAGE=a:1@" + first + "\nARG B_IMAGE=a:1@" + first + "\n"},
		"no digest":  {"ARG A_IMAGE=a:1\n", "<html>", ""},
		"no image":   {"FROM a:1\n", first, ""},
		"no answer":  {"ARG A_IMAGE=other\n", first, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			docker, dockerfile := filepath.Join(root, "docker"), filepath.Join(root, "Dockerfile")
			script := "#!/bin/sh\n[ \"$6\" = a:1 ] && echo '" + test.answer + "'\n"
			for path, text := range map[string]string{docker: script, dockerfile: test.before} {
				if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			err := run(t.Context(), []string{"-root", root, "-docker", docker}, io.Discard, io.Discard)
			if (err == nil) != (test.after != "") {
				t.Errorf("got %v", err)
			}
			after := test.after
			if after == "" {
				after = test.before
			}
			if got, _ := os.ReadFile(dockerfile); string(got) != after {
				t.Errorf("got %q, want %q", got, after)
			}
		})
	}
}
