package main_test

import (
	"fmt"
	"go/ast"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// forbidden are the names of other packages that shipped code outside main does not touch.
var forbidden = map[string]string{
	"os.Exit":            "return an exit code: only main ends the process",
	"os.Stdin":           "take an io.Reader",
	"os.Stdout":          "take an io.Writer: stdout carries protocol lines only",
	"os.Stderr":          "take an io.Writer",
	"fmt.Print":          "take an io.Writer",
	"fmt.Printf":         "take an io.Writer",
	"fmt.Println":        "take an io.Writer",
	"slog.Default":       "take a *slog.Logger",
	"http.DefaultClient": "it has no timeout",
	"time.Sleep":         "wait in a select with ctx.Done()",
}

const goStatement = "go statement: use an errgroup, so that someone waits for it and hears its error"

// TestHouseRules holds the rules of CONTRIBUTING.md that a parser can see.
func TestHouseRules(t *testing.T) {
	require.Empty(t, brokenRules(parseModule(t, os.DirFS("."))))
}

// TestHouseRulesFindsMistakes shows that the checker can fail.
func TestHouseRulesFindsMistakes(t *testing.T) {
	const comment = "// Package x is an example.\n"
	tests := map[string]struct {
		path, code string
		want       string // "" = nothing to say
	}{
		"good":                  {"chunk/doc.go", comment + "package x", ""},
		"main":                  {"main.go", "// x is an example.\npackage main\nfunc main() { os.Exit(1) }", ""},
		"comment elsewhere":     {"chunk/a.go", comment + "package x", "chunk has no doc.go"},
		"no comment":            {"chunk/doc.go", "package x", "chunk has no doc.go"},
		"wrong comment":         {"chunk/doc.go", "// This is x.\npackage x", "chunk has no doc.go"},
		"main without":          {"main.go", "package main", "main has no main.go"},
		"tests need none":       {"integration_tests/a_test.go", "package x", ""},
		"init":                  {"chunk/doc.go", comment + "package x\nfunc init() {}", "chunk/doc.go:3: init"},
		"a method called init":  {"chunk/doc.go", comment + "package x\nfunc (T) init() {}", ""},
		"go":                    {"chunk/doc.go", comment + "package x\nfunc f() { go f() }", "go statement"},
		"errgroup":              {"chunk/doc.go", comment + "package x\nfunc f() { g.Go(f) }", ""},
		"panic":                 {"chunk/doc.go", comment + "package x\nfunc f() { panic(1) }", "panic"},
		"exit":                  {"chunk/doc.go", comment + "package x\nfunc f() { os.Exit(1) }", "os.Exit"},
		"stdout":                {"chunk/doc.go", comment + "package x\nvar w = os.Stdout", "os.Stdout"},
		"print":                 {"chunk/doc.go", comment + "package x\nfunc f() { fmt.Println() }", "fmt.Println"},
		"sleep":                 {"chunk/doc.go", comment + "package x\nfunc f() { time.Sleep(1) }", "time.Sleep"},
		"tests may print":       {"chunk/a_test.go", "package x\nfunc f() { fmt.Println() }", ""},
		"tests may go":          {"chunk/a_test.go", "package x\nfunc f() { go f() }", ""},
		"their helpers wait":    {"integration_tests/x/doc.go", comment + "package x\nfunc f() { go f() }", "go statement"},
		"tests never sleep":     {"chunk/a_test.go", "package x\nfunc f() { time.Sleep(1) }", "time.Sleep"},
		"tests are repeatable":  {"chunk/a_test.go", "package x\nfunc f() { rapid.Check(t, p) }", "rapid.Check"},
		"effort checks":         {"internal/effort/doc.go", comment + "package x\nfunc f() { rapid.Check(t, p) }", ""},
		"test support may exit": {"internal/golden/doc.go", comment + "package x\nvar w = os.Stderr", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{test.path: {Data: []byte(test.code + "\n")}}
			got := brokenRules(parseModule(t, tree))
			if test.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0], test.want)
		})
	}
}

// brokenRules says where sources depart from the house rules.
func brokenRules(sources []source) []string {
	broken := withoutComment(sources)
	for _, s := range sources {
		if s.shipped() {
			broken = append(broken, s.find(s.shippedRule)...)
		} else {
			broken = append(broken, s.find(s.testRule)...)
		}
	}
	return broken
}

// find walks the file and collects what rule objects to, with its line.
func (s source) find(rule func(ast.Node) string) []string {
	var found []string
	ast.Inspect(s.file, func(node ast.Node) bool {
		if node == nil {
			return false
		}
		if fault := rule(node); fault != "" {
			line := s.fset.Position(node.Pos()).Line
			found = append(found, fmt.Sprintf("%s:%d: %s", s.path, line, fault))
		}
		return true
	})
	return found
}

// shippedRule objects to what would make the product hard to stop, to test or to reason about.
func (s source) shippedRule(node ast.Node) string {
	switch n := node.(type) {
	case *ast.FuncDecl:
		if n.Name.Name == "init" && n.Recv == nil {
			return "init: let the caller say when"
		}
	case *ast.GoStmt:
		return goStatement
	case *ast.CallExpr:
		if called, ok := n.Fun.(*ast.Ident); ok && called.Name == "panic" {
			return "panic: return an error"
		}
	case *ast.SelectorExpr:
		name := selected(n)
		if reason := forbidden[name]; reason != "" && s.pkg != "main" {
			return name + ": " + reason
		}
	}
	return ""
}

// forbiddenInTests are the names that make a test slow, or make it fail now and then.
var forbiddenInTests = map[string]string{
	"time.Sleep":      "use testing/synctest, or wait for the event",
	"rapid.Check":     "use effort.Check, which starts from the same seed in every run",
	"rapid.MakeCheck": "use effort.Check, which starts from the same seed in every run",
}

// testRule objects to a test that waits by the clock, or that is another one in each run.
func (s source) testRule(node ast.Node) string {
	if _, goes := node.(*ast.GoStmt); goes && !s.test {
		return goStatement
	}
	n, ok := node.(*ast.SelectorExpr)
	if !ok || s.pkg == "internal/effort" {
		return ""
	}
	if reason := forbiddenInTests[selected(n)]; reason != "" {
		return selected(n) + ": " + reason
	}
	return ""
}

// selected is "name.Selector" where a plain name is left of the dot, else "".
func selected(n *ast.SelectorExpr) string {
	if left, ok := n.X.(*ast.Ident); ok {
		return left.Name + "." + n.Sel.Name
	}
	return ""
}

// withoutComment names the packages whose doc.go (main.go for main) has no package comment.
func withoutComment(sources []source) []string {
	commented, order := map[string]bool{}, []string{}
	for _, s := range sources {
		if s.test {
			continue
		}
		if _, seen := commented[s.pkg]; !seen {
			commented[s.pkg] = false
			order = append(order, s.pkg)
		}
		comment := s.file.Doc.Text()
		good := strings.HasPrefix(comment, "Package "+s.file.Name.Name+" ")
		if s.pkg == "main" {
			good = comment != ""
		}
		if good && path.Base(s.path) == docFile(s.pkg) {
			commented[s.pkg] = true
		}
	}
	var missing []string
	for _, pkg := range order {
		if !commented[pkg] {
			missing = append(missing, fmt.Sprintf("package %s has no %s with a package comment", pkg, docFile(pkg)))
		}
	}
	return missing
}

func docFile(pkg string) string {
	if pkg == "main" {
		return "main.go"
	}
	return "doc.go"
}
