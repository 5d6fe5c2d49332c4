package spec

import (
	"bytes"
	_ "embed"
	"encoding/json"
)

// specification is the spec object of the SPEC message, written by hand.
//
//go:embed spec.json
var specification string

// ConnectorSpecification returns the ConnectorSpecification of the Airbyte protocol, on
// one line: the JSON schema of the configuration and what the connector supports. Each
// call returns its own copy.
func ConnectorSpecification() json.RawMessage {
	var line bytes.Buffer
	if err := json.Compact(&line, []byte(specification)); err != nil {
		// Only an edit that broke the file gets here, and the tests see it first.
		return json.RawMessage(specification)
	}
	return line.Bytes()
}
