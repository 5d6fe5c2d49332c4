package spec_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"destination-astra/internal/golden"
	"destination-astra/spec"
)

func TestConnectorSpecificationGolden(t *testing.T) {
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, spec.ConnectorSpecification(), "", "  "))
	pretty.WriteByte('\n')
	golden.Assert(t, "spec.json", pretty.Bytes())
}

func TestConnectorSpecificationIsOneLine(t *testing.T) {
	specification := spec.ConnectorSpecification()
	assert.NotContains(t, string(specification), "\n")
	specification[0] = 'x'
	assert.NotEqual(t, specification[0], spec.ConnectorSpecification()[0], "each call has its own copy")
}

func TestConnectorSpecificationFields(t *testing.T) {
	var s map[string]any
	require.NoError(t, json.Unmarshal(spec.ConnectorSpecification(), &s))
	assert.Equal(t, "0.2.0", s["protocol_version"])
	assert.Equal(t, true, s["supportsIncremental"])
	assert.Equal(t, []any{"overwrite", "append", "append_dedup"}, s["supported_destination_sync_modes"])
	assert.Contains(t, s["documentationUrl"], "https://")
	assert.Contains(t, s["changelogUrl"], "https://")
}

func TestSchemaIsDraft7(t *testing.T) {
	var s struct{ ConnectionSpecification json.RawMessage }
	require.NoError(t, json.Unmarshal(spec.ConnectorSpecification(), &s))
	metaschema, err := jsonschema.NewCompiler().Compile("http://json-schema.org/draft-07/schema")
	require.NoError(t, err)
	require.NoError(t, validate(metaschema, s.ConnectionSpecification))
	assert.Contains(t, string(s.ConnectionSpecification), `"http://json-schema.org/draft-07/schema#"`)
	assert.NotContains(t, string(s.ConnectionSpecification), `"discriminator"`)
}

// property is one property of a schema, with the path of its place in a configuration.
type property struct {
	path   string
	schema map[string]any
}

// properties lists all properties of a schema, those of options and of items too.
func properties(path string, schema map[string]any) []property {
	var all []property
	inner, _ := schema["properties"].(map[string]any)
	for name, p := range inner {
		at := strings.TrimPrefix(path+"."+name, ".")
		all = append(all, property{at, p.(map[string]any)})
		all = append(all, properties(at, p.(map[string]any))...)
	}
	options, _ := schema["oneOf"].([]any)
	for _, option := range options {
		o := option.(map[string]any)
		mode := o["properties"].(map[string]any)["mode"].(map[string]any)["const"].(string)
		all = append(all, properties(path+"("+mode+")", o)...)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		all = append(all, properties(path+"[]", items)...)
	}
	return all
}

func schemaProperties(t *testing.T, specification []byte) map[string]map[string]any {
	t.Helper()
	var s struct{ ConnectionSpecification map[string]any }
	require.NoError(t, json.Unmarshal(specification, &s))
	all := map[string]map[string]any{}
	for _, p := range properties("", s.ConnectionSpecification) {
		all[p.path] = p.schema
	}
	return all
}

func TestSchemaKeepsThePythonProperties(t *testing.T) {
	var message struct{ Spec json.RawMessage }
	require.NoError(t, json.Unmarshal(unzipped(t, "python_spec.json.gz"), &message))
	ours := schemaProperties(t, spec.ConnectorSpecification())
	theirs := schemaProperties(t, message.Spec)
	require.Greater(t, len(theirs), 30)
	for path, p := range theirs {
		own := ours[path]
		require.NotNil(t, own, path)
		for _, key := range []string{"type", "const", "enum", "default", "airbyte_secret",
			"always_show", "group", "minimum", "maximum"} {
			assert.Equal(t, p[key], own[key], "%s of %s", key, path)
		}
		assert.ElementsMatch(t, p["required"], own["required"], path)
	}
}

func TestSchemaTexts(t *testing.T) {
	for path, p := range schemaProperties(t, spec.ConnectorSpecification()) {
		assert.NotEmpty(t, p["title"], path)
		assert.Contains(t, p, "order", path)
		if strings.HasSuffix(path, ".mode") {
			continue
		}
		description, _ := p["description"].(string)
		assert.True(t, strings.HasSuffix(description, "."), "%s: a full sentence", path)
		for _, option := range optionsOf(p) {
			description, _ := option["description"].(string)
			assert.True(t, strings.HasSuffix(description, "."), "%s: a full sentence", path)
		}
	}
}

func optionsOf(p map[string]any) (options []map[string]any) {
	list, _ := p["oneOf"].([]any)
	for _, o := range list {
		options = append(options, o.(map[string]any))
	}
	return options
}

// Every credential of the Config is a Secret, and every secret property is one of these.
func TestSchemaSecrets(t *testing.T) {
	var secrets []string
	for path, p := range schemaProperties(t, spec.ConnectorSpecification()) {
		if p["airbyte_secret"] == true {
			secrets = append(secrets, path)
		}
	}
	assert.ElementsMatch(t, []string{
		"embedding(openai).openai_key", "embedding(azure_openai).openai_key",
		"embedding(cohere).cohere_key", "embedding(openai_compatible).api_key",
		"embedding(astra_vectorize).api_key",
		"indexing.astra_db_app_token",
	}, secrets)
}

// A form fills in the schema's defaults; leaving them out must mean the same.
func TestSchemaDefaultsAreOurs(t *testing.T) {
	modes := map[string]edits{
		"openai": {"openai_key": "k"}, "cohere": {"cohere_key": "k"}, "fake": {},
		"azure_openai":      {"openai_key": "k", "api_base": "https://a", "deployment": "d"},
		"openai_compatible": {"base_url": "https://a", "dimensions": 8},
		"from_field":        {"field_name": "f", "dimensions": 8},
	}
	defaults := schemaProperties(t, spec.ConnectorSpecification())
	for mode, required := range modes {
		t.Run(mode, func(t *testing.T) {
			e := edits{"embedding.mode": mode}
			for name, value := range required {
				e["embedding."+name] = value
			}
			short := accept(t, edited(t, e))
			e["processing.text_splitter"] = map[string]any{"mode": "separator"}
			e["processing.rejected_records"] = map[string]any{"mode": "fail"}
			count := len(e)
			for path, p := range defaults {
				option := "(" + mode + ")"
				path = strings.Replace(path, "embedding"+option, "embedding", 1)
				path = strings.Replace(path, "text_splitter(separator)", "text_splitter", 1)
				path = strings.Replace(path, "rejected_records(fail)", "rejected_records", 1)
				if value, ok := p["default"]; ok && !strings.ContainsAny(path, "([") {
					e[path] = value
				}
			}
			require.Greater(t, len(e), count+10)
			assert.Equal(t, short, accept(t, edited(t, ordered(e))))
		})
	}
}

// ordered folds the edits inside objects that are themselves edits into these, as the
// order of a map's keys is random.
func ordered(e edits) edits {
	folded := edits{}
	for path, value := range e {
		for _, outer := range []string{"processing.text_splitter", "processing.rejected_records"} {
			if name, ok := strings.CutPrefix(path, outer+"."); ok {
				e[outer].(map[string]any)[name] = value
				path, value = outer, e[outer]
			}
		}
		folded[path] = value
	}
	return folded
}
