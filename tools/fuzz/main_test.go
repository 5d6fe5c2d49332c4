package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module is one with a target that holds, one that does not, and what only looks like one.
func module(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	const head = "package x\n\nimport \"testing\"\n\n"
	const bad = "\tf.Fuzz(func(t *testing.T, n int) { t.Error(n) })\n"
	for name, text := range map[string]string{
		"go.mod":               "module example\n\ngo 1.26\n",
		"a/a_test.go":          head + "func FuzzGood(f *testing.F) { f.Fuzz(func(*testing.T, int) {}) }\n",
		"b/b.go":               "package x\n\nfunc FuzzShipped() {}\n",
		"b/b_test.go":          head + "func FuzzyWord() {}\n\nfunc FuzzHelper(t *testing.T) {}\n",
		"b/deep/b_test.go":     head + "func FuzzBad(f *testing.F) {\n\tf.Add(1)\n" + bad + "}\n",
		"b/testdata/x_test.go": "no Go",
		"other/go.mod":         "module other\n",
		"other/x_test.go":      head + "func FuzzOther(f *testing.F) {}\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestList(t *testing.T) {
	tests := map[string]struct{ only, want string }{
		"all":  {"", "a.FuzzGood\nb/deep.FuzzBad\n"},
		"some": {`^b/`, "b/deep.FuzzBad\n"},
	}
	root := module(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := run(t.Context(), []string{"-root", root, "-list", "-only", test.only}, &out, io.Discard); err != nil {
				t.Fatal(err)
			}
			if out.String() != test.want {
				t.Errorf("got %q, want %q", out.String(), test.want)
			}
		})
	}
	if err := run(t.Context(), []string{"-root", root, "-only", "FuzzNothing"}, io.Discard, io.Discard); err == nil {
		t.Error("a name that nothing has passes")
	}
}

// TestRun goes on after a target that fails, and says which.
func TestRun(t *testing.T) {
	root := module(t)
	var out bytes.Buffer
	err := run(t.Context(), []string{"-root", root, "-time", "1x"}, &out, io.Discard)
	if err == nil || !strings.HasSuffix(err.Error(), "1 of 2 targets failed: b/deep.FuzzBad") {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"ok   a.FuzzGood: ", "FAIL b/deep.FuzzBad: exit status 1\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
