package protocoltest

import (
	"bytes"
	_ "embed" // messages.json
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
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

// loadSchema compiles the schema once; it is safe for concurrent use.
var loadSchema = sync.OnceValues(compile)

// Validate fails the test for each line of output, the whole stdout of a connector, that is
// not one complete message. Empty output is fine.
func Validate(t testing.TB, output []byte) {
	t.Helper()
	schema, err := loadSchema()
	if err != nil {
		t.Fatalf("messages.json: %v", err)
	}
	for _, problem := range check(schema, output) {
		t.Error(problem)
	}
}

// check returns what is wrong with each line.
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

// compile reads messages.json.
func compile() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(messages))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("messages.json", document); err != nil {
		return nil, err
	}
	return compiler.Compile("messages.json")
}
