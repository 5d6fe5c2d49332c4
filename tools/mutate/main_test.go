package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMutants lists what is broken in a function.
func TestMutants(t *testing.T) {
	tests := map[string]struct {
		body string
		want []string
	}{
		"a condition": {"if n < 1 && ok {\n}", []string{
			"negate n < 1 && ok", "<= for < in n < 1", "only n < 1 of n < 1 && ok", "only ok of n < 1 && ok"}},
		"statements":  {"n++\nf(n)\nn = 2\nm := 3\n_ = m", []string{"drop n++", "drop f(n)", "drop n = 2", "drop _ = m"}},
		"a loop":      {"for n > 0 {\nbreak\n}", []string{"negate n > 0", ">= for > in n > 0", "drop break"}},
		"cases":       {"switch n {\ncase 1, 2:\ndefault:\n}", []string{"drop case 1"}},
		"arithmetic":  {"n := n*2 + 1", []string{"- for + in n*2 + 1", "/ for * in n*2"}},
		"an error":    {"return errors.New(``)", []string{"return nil for errors.New(``)"}},
		"no error":    {"return nil", nil},
		"a literal":   {"x := T{a: 1, b: 2}\nreturn nil", []string{"drop a: 1", "drop b: 2"}},
		"a function":  {"x := func() int { return 1 }", nil},
		"another one": {"x := func() (int, error) { return 1, err }", []string{"return nil for err"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			all, err := fileMutants("x.go", []byte("package x\n\nfunc f(n int) error {\n"+test.body+"\n}\n"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range all {
				got = append(got, m.what)
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestRun tries a package whose test forgets one of two conditions, and a function, with its own tests and with those
// of a package that uses it.
func TestRun(t *testing.T) {
	root := tree(t, map[string]string{
		"go.mod": "module example\n\ngo 1.26\n",
		"p/p.go": `package p

func Between(n int) bool {
	return n >= 1 && n <= 9
}

func Forgotten(n int) int {
	return n + 1
}
`,
		"p/p_test.go": `package p

import "testing"

func TestBetween(t *testing.T) {
	if Between(0) || !Between(1) || !Between(5) {
		t.Fail()
	}
}
`,
		"q/p_test.go": `package q

import (
	"testing"

	"example/p"
)

func TestForgotten(t *testing.T) {
	if p.Forgotten(1) != 2 {
		t.Fail()
	}
}
`,
	})
	tests := map[string]struct {
		args []string
		want string
	}{
		"its own": {[]string{"./p"}, `p/p.go:4: survived: only n >= 1 of n >= 1 && n <= 9
p/p.go:4: survived: < for <= in n <= 9
p/p.go:8: unreached: - for + in n + 1
./p: 5 of 5 mutants tried: 2 killed, 2 survived, 1 unreached, 0 do not compile
`},
		"another's": {[]string{"-tests", "./q", "./p"}, `p/p.go:4: unreached: only n <= 9 of n >= 1 && n <= 9
p/p.go:4: unreached: > for >= in n >= 1
p/p.go:4: unreached: only n >= 1 of n >= 1 && n <= 9
p/p.go:4: unreached: < for <= in n <= 9
./p: 5 of 5 mutants tried: 1 killed, 0 survived, 4 unreached, 0 do not compile
`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := treeOf(t, root)
			var out bytes.Buffer
			if err := run(t.Context(), append([]string{"-root", root}, test.args...), &out, io.Discard); err != nil {
				t.Fatal(err)
			}
			if out.String() != test.want {
				t.Errorf("got:\n%swant:\n%s", out.String(), test.want)
			}
			if treeOf(t, root) != before {
				t.Error("the tree has changed")
			}
		})
	}
}

// tree writes files into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func treeOf(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"p/p.go", "p/p_test.go", "go.mod"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// TestUsage: a package must be named.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"-files", "("}, {"-sample", "x", "./p"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
