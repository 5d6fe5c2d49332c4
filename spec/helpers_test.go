package spec_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"destination-astra/spec"
)

// minimal is the shortest configuration that says everything that has no default.
const minimal = `{
  "embedding": {"mode": "fake"},
  "processing": {"chunk_size": 1000},
  "indexing": {
    "astra_db_app_token": "AstraCS:token",
    "astra_db_endpoint": "https://8292d414-dd1b-4c33-8431-e838bedc04f7-us-east1.apps.astra.datastax.com",
    "astra_db_keyspace": "default_keyspace",
    "collection": "articles"
  }
}`

// edits are properties of the minimal configuration to set, by path; absent removes one.
type edits map[string]any

// object is a JSON object to put into a configuration.
type object = map[string]any

type removal struct{}

var absent removal

// edited returns the minimal configuration with the edits made.
func edited(t testing.TB, e edits) []byte {
	t.Helper()
	var root map[string]any
	require.NoError(t, json.Unmarshal([]byte(minimal), &root))
	for path, value := range e {
		names := strings.Split(path, ".")
		inner := root
		for _, name := range names[:len(names)-1] {
			next, ok := inner[name].(object)
			require.True(t, ok, "no object at %s of %s", name, path)
			inner = next
		}
		last := names[len(names)-1]
		if value == absent {
			delete(inner, last)
		} else {
			inner[last] = value
		}
	}
	data, err := json.Marshal(root)
	require.NoError(t, err)
	return data
}

// accept parses a configuration that must be good and without a warning.
func accept(t testing.TB, data []byte) *spec.Config {
	t.Helper()
	config, warnings, err := spec.Parse(data)
	require.NoError(t, err)
	require.Empty(t, warnings)
	return config
}

// problems parses a configuration that must be bad, into reasons by path.
func problems(t testing.TB, data []byte) map[string]string {
	t.Helper()
	config, _, err := spec.Parse(data)
	require.Error(t, err)
	require.Nil(t, config)
	var all spec.Errors
	require.ErrorAs(t, err, &all)
	reasons := map[string]string{}
	for _, e := range all {
		require.NotContains(t, reasons, e.Path, "two errors for one property")
		reasons[e.Path] = e.Reason
	}
	return reasons
}

// unzipped reads a compressed file of testdata.
func unzipped(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	data, err := io.ReadAll(z)
	require.NoError(t, err)
	return data
}

// connectionSchema compiles the connectionSpecification of a spec object.
func connectionSchema(t testing.TB, specification []byte) *jsonschema.Schema {
	t.Helper()
	var s struct{ ConnectionSpecification json.RawMessage }
	require.NoError(t, json.Unmarshal(specification, &s))
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.ConnectionSpecification))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	require.NoError(t, compiler.AddResource("mem:///schema.json", document))
	schema, err := compiler.Compile("mem:///schema.json")
	require.NoError(t, err)
	return schema
}

// pythonSchema is the schema of the Python connector (destination-astra 0.1.x).
func pythonSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	var message struct{ Spec json.RawMessage }
	require.NoError(t, json.Unmarshal(unzipped(t, "python_spec.json.gz"), &message))
	return connectionSchema(t, message.Spec)
}

// validate checks a configuration's text against a schema.
func validate(schema *jsonschema.Schema, data []byte) error {
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return schema.Validate(instance)
}
