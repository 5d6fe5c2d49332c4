package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiles compares what the program would write with what is in the tree.
func TestFiles(t *testing.T) {
	const root = "../.."
	made, err := files(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 2 {
		t.Errorf("%d files", len(made))
	}
	for name, content := range made {
		there, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(content, there) {
			t.Errorf("%s is stale: go -C tools run ./bom", name)
		}
	}
}

func TestLicence(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"Apache":  {"  Apache License\n  Version 2.0, January 2004", "Apache-2.0"},
		"MIT":     {"Permission is hereby granted, free of\ncharge, to any person obtaining a copy", "MIT"},
		"BSD":     {"   * Neither the name of Google Inc. nor", "BSD-3-Clause"},
		"GPL":     {"GNU GENERAL PUBLIC LICENSE", ""},
		"nothing": {"", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := licence(test.text)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestNotice(t *testing.T) {
	all := []module{{path: "program"}, {path: "a", version: "v1", licence: "MIT", texts: []string{"one\n", "two\n"}},
		{path: "b", version: "v2", licence: "MIT", texts: []string{"one\n", "two\n"}}, {path: goLibrary, licence: "X", texts: []string{"three"}}}
	got, err := noticeFile([]byte("ours\n"+rule+"old"), all)
	if err != nil {
		t.Fatal(err)
	}
	const want = "\na v1 (MIT)\nb v2 (MIT)\n\n    one\n\n\n    two\n\nThe Go standard library and runtime (X)\n\n    three\n"
	if !strings.HasPrefix(string(got), "ours\n"+rule) || !strings.HasSuffix(string(got), want) || strings.Contains(string(got), "old") {
		t.Errorf("got %q", got)
	}
	if _, err := noticeFile([]byte("ours"), all); err == nil {
		t.Error("a file without the rule passes")
	}
}
