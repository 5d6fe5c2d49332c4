package main_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/spec"
)

// schema is the part of a JSON schema that docs/configuration.md repeats.
type schema struct {
	Type       string            `json:"type"`
	Default    json.RawMessage   `json:"default"`
	Enum       []string          `json:"enum"`
	Properties map[string]schema `json:"properties"`
	OneOf      []schema          `json:"oneOf"`
	Items      *schema           `json:"items"`
}

// TestConfigurationPage finds each setting of the printed schema in the user's page: its name, its
// default, and every value it may have.
func TestConfigurationPage(t *testing.T) {
	var printed struct {
		Root schema `json:"connectionSpecification"`
	}
	require.NoError(t, json.Unmarshal(spec.ConnectorSpecification(), &printed))
	require.NotEmpty(t, printed.Root.Properties)

	require.Empty(t, undocumented(printed.Root, string(readFile(t, "docs/configuration.md"))))
}

func TestConfigurationPageFindsGaps(t *testing.T) {
	const page = "## old\n| `size` | integer | `1` |\n| `kind` | `a`, `b` | |\n"
	tests := map[string]struct {
		properties string
		want       []string
	}{
		"documented":    {`{"old": {"properties": {"size": {"type": "integer", "default": 1}}}}`, nil},
		"missing":       {`{"new": {"type": "string"}}`, []string{"new"}},
		"deep":          {`{"old": {"oneOf": [{"properties": {"new": {}}}]}}`, []string{"new"}},
		"in an array":   {`{"size": {"items": {"properties": {"new": {}}}}}`, []string{"new"}},
		"other default": {`{"size": {"type": "integer", "default": 2}}`, []string{"size: default 2"}},
		"value missing": {`{"kind": {"enum": ["a", "c"]}}`, []string{"kind: value c"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var root schema
			require.NoError(t, json.Unmarshal([]byte(`{"properties": `+test.properties+`}`), &root))
			require.Equal(t, test.want, undocumented(root, page))
		})
	}
}

// TestLinks follows the relative links of every page.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	pages := markdownFiles(t)
	require.NotEmpty(t, pages)
	for _, page := range pages {
		for _, target := range link.FindAllStringSubmatch(string(readFile(t, page)), -1) {
			require.FileExists(t, filepath.Join(filepath.Dir(page), filepath.FromSlash(target[1])), page)
		}
	}
}

// TestDecisions holds the form of docs/adr: its index names each page, and each page is short.
func TestDecisions(t *testing.T) {
	index := string(readFile(t, "docs/adr/README.md"))
	pages, err := filepath.Glob("docs/adr/0*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	for _, page := range pages {
		text := string(readFile(t, page))
		name := filepath.Base(page)
		require.Contains(t, index, "("+name+")")
		require.True(t, strings.HasPrefix(text, "# "+name[:4]+": "), name)
		require.Less(t, strings.Count(text, "\n"), 80, name)
		for _, heading := range []string{"Summary", "Context", "Decision", "Consequences"} {
			require.Contains(t, text, "\n## "+heading+"\n", name)
		}
	}
}

// TestSecurityPage finds each test that docs/security.md relies on.
func TestSecurityPage(t *testing.T) {
	named := regexp.MustCompile("`([a-z0-9_/]*)\\.((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)`").
		FindAllStringSubmatch(string(readFile(t, "docs/security.md")), -1)
	require.NotEmpty(t, named)
	for _, name := range named {
		require.True(t, hasTest(t, name[1], name[2]), "docs/security.md: no %s in package %q", name[2], name[1])
	}
	require.False(t, hasTest(t, "localastra", "TestCutFil"), "a name that only begins like one")
}

// hasTest tells whether a package, by its folder, has a test, a fuzz target or a benchmark.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.Contains(string(readFile(t, file)), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

// undocumented names what a row of page does not say of a setting of s.
func undocumented(s schema, page string) []string {
	var missing []string
	for name, property := range s.Properties {
		rows := rowsOf(page, name)
		if rows == "" {
			missing = append(missing, name)
		}
		// A mode is a heading of its own; its default only fills in a form.
		if rows != "" && name != "mode" {
			missing = append(missing, property.absentFrom(name, rows)...)
		}
		missing = append(missing, undocumented(property, page)...)
	}
	for _, option := range s.OneOf {
		missing = append(missing, undocumented(option, page)...)
	}
	if s.Items != nil {
		missing = append(missing, undocumented(*s.Items, page)...)
	}
	return missing
}

// rowsOf are the lines that are about a setting: table rows that name it, or its section's heading
// and the line below.
func rowsOf(page, name string) string {
	heading := regexp.MustCompile(`(?m)^##+ ` + regexp.QuoteMeta(name) + `$\n*.*$`)
	var rows strings.Builder
	for line := range strings.Lines(page) {
		if strings.Contains(line, "`"+name+"`") {
			rows.WriteString(line)
		}
	}
	rows.WriteString(heading.FindString(page))
	return rows.String()
}

// absentFrom names the default and the values of a setting that rows do not say.
func (s schema) absentFrom(name, rows string) []string {
	var missing []string
	value := strings.Trim(string(s.Default), `"`)
	if value != "" && !strings.Contains(rows, "`"+value+"`") && s.Type != "array" {
		missing = append(missing, name+": default "+value)
	}
	for _, value := range s.Enum {
		if !strings.Contains(rows, "`"+value+"`") {
			missing = append(missing, name+": value "+value)
		}
	}
	return missing
}

func markdownFiles(t *testing.T) []string {
	t.Helper()
	var pages []string
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && name != "." {
			return fs.SkipDir
		}
		if err == nil && path.Ext(name) == ".md" && !strings.Contains(name, "testdata/") {
			pages = append(pages, name)
		}
		return err
	})
	require.NoError(t, err)
	return pages
}
