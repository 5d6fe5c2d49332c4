package protocoltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// bodies names the member that carries the body of each message type. The schema requires
// only `type`, so this is checked apart.
var bodies = map[string]string{
	"RECORD":              "record",
	"STATE":               "state",
	"LOG":                 "log",
	"SPEC":                "spec",
	"CONNECTION_STATUS":   "connectionStatus",
	"CATALOG":             "catalog",
	"TRACE":               "trace",
	"CONTROL":             "control",
	"DESTINATION_CATALOG": "destination_catalog",
}

// traceBodies does the same for the types of a trace.
var traceBodies = map[string]string{
	"ERROR":         "error",
	"ESTIMATE":      "estimate",
	"STREAM_STATUS": "stream_status",
	"ANALYTICS":     "analytics",
}

// loadSchema compiles the schema once; it is safe for concurrent use.
var loadSchema = sync.OnceValues(compileSchema)

// Validate fails the test for each line of output, the whole stdout of a connector, that is
// not one complete AirbyteMessage. Empty output is fine. Without the schema file it checks the
// form only (a JSON object a line, the body that belongs to the type) and logs that.
func Validate(t testing.TB, output []byte) {
	t.Helper()
	schema, err := loadSchema()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Logf("the Airbyte protocol schema is absent, only the form is checked: %v", err)
	case err != nil:
		t.Errorf("the Airbyte protocol schema does not compile: %v", err)
	}
	for _, problem := range check(schema, output) {
		t.Error(problem)
	}
}

// check returns what is wrong with each line; schema may be nil.
func check(schema *jsonschema.Schema, output []byte) []error {
	var problems []error
	rest := output
	for number := 1; len(rest) > 0; number++ {
		text, after, terminated := bytes.Cut(rest, []byte{'\n'})
		if !terminated {
			problems = append(problems, fmt.Errorf("line %d: no newline at its end", number))
		}
		if err := checkLine(schema, text); err != nil {
			problems = append(problems, fmt.Errorf("line %d: %w\n%.2000s", number, err, text))
		}
		rest = after
	}
	return problems
}

func checkLine(schema *jsonschema.Schema, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	if bytes.ContainsRune(text, '\r') {
		return errors.New("holds a carriage return, which ends a line for Java")
	}
	message, ok := value.(map[string]any)
	if !ok {
		return errors.New("not an object")
	}
	body, err := bodyOf(message, bodies)
	if err != nil {
		return err
	}
	if message["type"] == "TRACE" {
		if _, err := bodyOf(body, traceBodies); err != nil {
			return fmt.Errorf("trace: %w", err)
		}
	}
	if schema == nil {
		return nil
	}
	return schema.Validate(value)
}

// bodyOf returns the object that belongs to the message's type.
func bodyOf(message map[string]any, names map[string]string) (map[string]any, error) {
	typ, _ := message["type"].(string)
	name, ok := names[typ]
	if !ok {
		return nil, fmt.Errorf("type %q is none of the protocol's", typ)
	}
	body, ok := message[name].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a %s message without an object %q", typ, name)
	}
	return body, nil
}

// compileSchema returns an error that is fs.ErrNotExist when the file is absent.
func compileSchema() (*jsonschema.Schema, error) {
	path, err := schemaPath()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	var parsed map[string]any
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	// Through JSON, because the compiler wants JSON's number types.
	encoded, err := json.Marshal(parsed)
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	url, _ := parsed["$id"].(string)
	if err := compiler.AddResource(url, document); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	return compiler.Compile(url + "#/definitions/AirbyteMessage")
}

// schemaPath returns where the schema is kept: beside the folder that holds go.mod.
func schemaPath() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find go.mod: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			beside := filepath.Dir(dir)
			return filepath.Join(beside, "shared", "data", "airbyte_protocol.yaml"), nil
		}
		if filepath.Dir(dir) == dir {
			return "", fmt.Errorf("find go.mod: %w", fs.ErrNotExist)
		}
		dir = filepath.Dir(dir)
	}
}
