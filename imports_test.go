package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// modulePath is how this module's own packages begin in an import.
const modulePath = "destination-astra"

// directions is the architecture: a package of the product imports only what stands right of its
// arrow. A package without a line is a mistake, so a new one is a decision (docs/adr/0004).
// astra and localastra stay strangers: a shared type would hide a shared misreading of the Data API.
const directions = `
main           -> internal/cli
internal/cli   -> connector, reading, check, localastra, spec, protocol, docs
internal/cli   -> internal/clients, internal/failure, internal/fault, internal/redact, internal/wait
connector      -> document, chunk, spec, embed, astra, protocol
connector      -> internal/clients, internal/intake, internal/failure, internal/quote, internal/retry, internal/tally, internal/wait
reading        -> document, spec, embed, astra, protocol, internal/clients, internal/failure, internal/quote
check          -> document, spec, embed, astra, devops, cql, internal/clients, internal/failure, internal/quote, internal/retry
internal/fault -> spec, embed, astra, protocol
internal/fault -> internal/intake, internal/failure, internal/nearby, internal/quote, internal/tally, internal/retry, internal/proxy
internal/intake -> document, astra, protocol, internal/failure, internal/quote, internal/tally, internal/wait
internal/clients -> document, chunk, spec, embed, astra, protocol, internal/failure, internal/nearby, internal/retry, internal/quote
internal/failure -> protocol
document       -> chunk, protocol, internal/quote
embed          -> internal/retry, internal/nearby, internal/proxy, internal/redact, internal/wait, internal/models, internal/jsonscan
astra          -> internal/retry, internal/nearby, internal/proxy, internal/redact
devops         -> internal/retry
cql            ->
chunk          ->
protocol       -> internal/jsonscan
spec           -> internal/models, internal/nearby, internal/redact
localastra     -> localastra/explorer, internal/nearby, internal/proxy, internal/redact
localastra/explorer ->
docs           ->
langchain      -> astra, embed
internal/retry ->
internal/proxy -> internal/nearby
internal/redact ->
internal/nearby ->
internal/wait  ->
internal/models ->
internal/jsonscan ->
internal/quote ->
internal/tally ->
`

// testDirections is the same for the packages that only tests import. They may use the testing
// package and the libraries that go with it.
const testDirections = `
internal/golden       ->
internal/protocoltest -> protocol
internal/embedtest    -> embed
internal/effort       ->
`

// testDirectory holds black box tests, which may import anything; its helpers ship nowhere.
const testDirectory = "integration_tests"

// longestChain is how many packages may stand between main, which counts, and a leaf. A leaf below
// internal/ does not count: it knows nothing of ours and could be a library (ADR 0031).
const longestChain = 6

// testLibraries are the imports that shipped code never has: they register flags, or fail by
// panicking, and the binary carries them for nothing.
var testLibraries = []string{
	"testing", "net/http/httptest", "github.com/stretchr/testify", "pgregory.net/rapid",
	"github.com/rogpeppe/go-internal",
}

// source is one parsed Go file of this module.
type source struct {
	pkg  string // directory below the module's root; "main" for the root itself
	path string
	test bool // in a _test.go file
	file *ast.File
	fset *token.FileSet
}

func TestImports(t *testing.T) {
	sources := parseModule(t, os.DirFS("."))
	require.NotEmpty(t, sources)
	require.Empty(t, wrongImports(sources))

	chain := longestImports(ownImports(sources), "main")
	require.LessOrEqual(t, len(chain), longestChain, strings.Join(chain, " -> "))
}

// TestImportsFindsMistakes shows that the checker can fail.
func TestImportsFindsMistakes(t *testing.T) {
	tests := map[string]struct {
		path, code string
		want       string // "" = nothing to say
	}{
		"allowed":             {"document/a.go", `import "destination-astra/chunk"`, ""},
		"standard library":    {"chunk/a.go", `import "net/http"`, ""},
		"another module":      {"chunk/a.go", `import "destination-astra-tools/x"`, ""},
		"sideways":            {"chunk/a.go", `import "destination-astra/protocol"`, "chunk may not import protocol"},
		"upwards":             {"document/a.go", `import "destination-astra/connector"`, "may not import connector"},
		"strangers":           {"localastra/a.go", `import "destination-astra/astra"`, "may not import astra"},
		"past the seam":       {"main.go", `import "destination-astra/connector"`, "main may not import connector"},
		"renamed":             {"astra/a.go", `import x "destination-astra/spec"`, "astra may not import spec"},
		"unknown package":     {"helpers/a.go", ``, "helpers is not in the table"},
		"unknown below":       {"chunk/deep/a.go", ``, "chunk/deep is not in the table"},
		"test package":        {"spec/a.go", `import "destination-astra/internal/golden"`, "may not import internal/golden"},
		"testing":             {"spec/a.go", `import "testing"`, "spec ships and imports testing"},
		"testing/fstest":      {"spec/a.go", `import "testing/fstest"`, "imports testing/fstest"},
		"testify":             {"spec/a.go", `import "github.com/stretchr/testify/require"`, "imports github.com"},
		"test support":        {"internal/embedtest/a.go", `import "testing"`, ""},
		"test support strays": {"internal/embedtest/a.go", `import "destination-astra/astra"`, "may not import astra"},
		"tests may":           {"chunk/a_test.go", `import ("testing"; "destination-astra/astra")`, ""},
		"black box tests may": {"integration_tests/h/a.go", `import "destination-astra/astra"`, ""},
		"nested module":       {"tools/x/a.go", `import "destination-astra/astra"`, ""},
		"testdata":            {"chunk/testdata/a.go", `import "destination-astra/astra"`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{
				"go.mod":       {Data: []byte("module destination-astra")},
				"tools/go.mod": {Data: []byte("module destination-astra/tools")},
				test.path:      {Data: []byte("package x\n\n" + test.code + "\n")},
			}
			got := wrongImports(parseModule(t, tree))
			if test.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0], test.want)
		})
	}
}

func TestLongestImports(t *testing.T) {
	imports := map[string][]string{"main": {"a", "b"}, "a": {"c"}, "b": {"a"}, "c": nil, "alone": nil}

	require.Equal(t, []string{"main", "b", "a", "c"}, longestImports(imports, "main"))
	require.Equal(t, []string{"alone"}, longestImports(imports, "alone"))
}

// parseModule reads every Go file below tree whatever its build constraints, but for testdata,
// hidden directories and nested modules.
func parseModule(t *testing.T, tree fs.FS) []source {
	t.Helper()
	var sources []source
	fset := token.NewFileSet()
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipped(tree, name)
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		code, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, name, code, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		pkg := path.Dir(name)
		if pkg == "." {
			pkg = "main"
		}
		sources = append(sources, source{pkg, name, strings.HasSuffix(name, "_test.go"), file, fset})
		return nil
	})
	require.NoError(t, err)
	return sources
}

// skipped says fs.SkipDir for a directory that holds no package of this module.
func skipped(tree fs.FS, name string) error {
	if name == "." {
		return nil
	}
	base := path.Base(name)
	if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return fs.SkipDir
	}
	if _, err := fs.Stat(tree, path.Join(name, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// shipped says whether the file is part of the product, rather than of its tests.
func (s source) shipped() bool {
	_, support := parseDirections(testDirections)[s.pkg]
	return !s.test && !support && s.pkg != testDirectory && !strings.HasPrefix(s.pkg, testDirectory+"/")
}

// imports are the paths that the file imports.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		// The parser has accepted the literal.
		name, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, name)
	}
	return paths
}

// own is the directory of an imported package of this module; ok is false for any other import.
func own(importPath string) (dir string, ok bool) {
	return strings.CutPrefix(importPath, modulePath+"/")
}

// wrongImports names each import that the two tables forbid, and each package they do not know.
func wrongImports(sources []source) []string {
	table := parseDirections(directions + testDirections)
	unknown := map[string]bool{}
	var wrong []string
	for _, s := range sources {
		if s.test || s.pkg == testDirectory || strings.HasPrefix(s.pkg, testDirectory+"/") {
			continue
		}
		allowed, known := table[s.pkg]
		if !known && !unknown[s.pkg] {
			unknown[s.pkg] = true
			wrong = append(wrong, fmt.Sprintf("%s: package %s is not in the table of directions", s.path, s.pkg))
		}
		for _, name := range s.imports() {
			dir, ours := own(name)
			if ours && known && !slices.Contains(allowed, dir) {
				wrong = append(wrong, fmt.Sprintf("%s: %s may not import %s", s.path, s.pkg, dir))
			}
			if s.shipped() && isTestLibrary(name) {
				wrong = append(wrong, fmt.Sprintf("%s: %s ships and imports %s", s.path, s.pkg, name))
			}
		}
	}
	return wrong
}

func isTestLibrary(importPath string) bool {
	return slices.ContainsFunc(testLibraries, func(library string) bool {
		return importPath == library || strings.HasPrefix(importPath, library+"/")
	})
}

// parseDirections reads lines of the form "package -> package, package"; a package may have several.
func parseDirections(table string) map[string][]string {
	allowed := map[string][]string{}
	for line := range strings.Lines(table) {
		from, to, found := strings.Cut(line, "->")
		if !found {
			continue
		}
		more := strings.FieldsFunc(to, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
		from = strings.TrimSpace(from)
		allowed[from] = append(allowed[from], more...)
	}
	return allowed
}

// ownImports lists what each shipped package imports of this module.
func ownImports(sources []source) map[string][]string {
	imports := map[string][]string{}
	for _, s := range sources {
		if !s.shipped() {
			continue
		}
		for _, name := range s.imports() {
			if dir, ours := own(name); ours && !slices.Contains(imports[s.pkg], dir) {
				imports[s.pkg] = append(imports[s.pkg], dir)
			}
		}
	}
	return imports
}

// longestImports is the longest way from a package to a leaf, both ends included. The compiler
// has already refused circles.
func longestImports(imports map[string][]string, from string) []string {
	var longest []string
	for _, to := range imports[from] {
		if strings.HasPrefix(to, "internal/") && len(imports[to]) == 0 {
			continue
		}
		if chain := longestImports(imports, to); len(chain) > len(longest) {
			longest = chain
		}
	}
	return append([]string{from}, longest...)
}
