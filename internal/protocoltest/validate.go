package protocoltest

import (
	"bytes"
	_ "embed" // messages.json
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

// messages are the rules of our own, a JSON schema of one message.
//
//go:embed messages.json
var messages []byte

// bodies names the member that carries the body of each message type. Schemas require only
// `type`, so this is checked apart.
var bodies = map[string]string{
	"RECORD":            "record",
	"STATE":             "state",
	"LOG":               "log",
	"SPEC":              "spec",
	"CONNECTION_STATUS": "connectionStatus",
	"CATALOG":           "catalog",
	"TRACE":             "trace",
}

// traceBodies does the same for the types of a trace.
var traceBodies = map[string]string{
	"ERROR":         "error",
	"ESTIMATE":      "estimate",
	"STREAM_STATUS": "stream_status",
	"ANALYTICS":     "analytics",
}

// loadSchemas compiles the schemas once; it is safe for concurrent use.
var loadSchemas = sync.OnceValues(compileSchemas)

// Validate fails the test for each line of output, the whole stdout of a connector, that is
// not one complete message. Empty output is fine.
func Validate(t testing.TB, output []byte) {
	t.Helper()
	schemas, err := loadSchemas()
	if err != nil {
		t.Errorf("a schema of the Airbyte protocol does not compile: %v", err)
	}
	for _, problem := range check(schemas, output) {
		t.Error(problem)
	}
}

// check returns what is wrong with each line.
func check(schemas []*jsonschema.Schema, output []byte) []error {
	var problems []error
	rest := output
	for number := 1; len(rest) > 0; number++ {
		text, after, terminated := bytes.Cut(rest, []byte{'\n'})
		if !terminated {
			problems = append(problems, fmt.Errorf("line %d: no newline at its end", number))
		}
		if err := checkLine(schemas, text); err != nil {
			problems = append(problems, fmt.Errorf("line %d: %w\n%.2000s", number, err, text))
		}
		rest = after
	}
	return problems
}

func checkLine(schemas []*jsonschema.Schema, text []byte) error {
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
	for _, schema := range schemas {
		if err := schema.Validate(value); err != nil {
			return err
		}
	}
	return nil
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

// compileSchemas returns our own rules, and the protocol's where its file is there.
func compileSchemas() ([]*jsonschema.Schema, error) {
	own, err := compile(messages, "messages.json", "")
	if err != nil {
		return nil, err
	}
	path, err := schemaPath()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return []*jsonschema.Schema{own}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	official, err := compile(text, "https://example.org/airbyte_protocol.yaml", "#/definitions/AirbyteMessage")
	if err != nil {
		return nil, err
	}
	return []*jsonschema.Schema{own, official}, nil
}

// compile reads a schema in JSON or YAML and compiles what the fragment names of it.
func compile(text []byte, name, fragment string) (*jsonschema.Schema, error) {
	var parsed map[string]any
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	// Through JSON, because the compiler wants JSON's number types.
	encoded, err := json.Marshal(parsed)
	if err != nil {
		return nil, fmt.Errorf("convert %s: %w", name, err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		return nil, fmt.Errorf("convert %s: %w", name, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if id, _ := parsed["$id"].(string); id != "" {
		name = id
	}
	if err := compiler.AddResource(name, document); err != nil {
		return nil, fmt.Errorf("compile %s: %w", name, err)
	}
	return compiler.Compile(name + fragment)
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
