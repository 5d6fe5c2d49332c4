package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"destination-astra/internal/failure"
	"destination-astra/protocol"
)

// readFile reads the JSON file that a flag names, without a byte order mark. What is no JSON of
// the flag's kind, but plainly something else, is refused by its name.
func readFile(flag, path string) ([]byte, error) {
	if path == "" {
		return nil, missing(flag)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &failure.ConfigError{Reason: fmt.Sprintf("the file of --%s cannot be read", flag), Err: err}
	}
	refuse := func(name, advice string) error {
		return &failure.ConfigError{Reason: fmt.Sprintf("the file %s of --%s is %s; %s", path, flag, name, advice)}
	}
	if name, advice := protocol.FormatOf(data); name != "" {
		return nil, refuse(name, advice)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	// A state comes in every form in which a source or a platform hands it on.
	if kind := kindOf(data); kind != "" && kind != flag && !(flag == kindState && kind == kindMessage) {
		return nil, refuse(describeKind(kind), adviceFor(flag))
	}
	return data, nil
}

// readCatalogFile reads the configured catalog.
func readCatalogFile(path string) (*protocol.Catalog, error) {
	text, err := readFile("catalog", path)
	if err != nil {
		return nil, err
	}
	catalog, err := protocol.ParseCatalog(text)
	var faulty *protocol.CatalogError
	if errors.As(err, &faulty) {
		faulty.File = path
	}
	return catalog, err
}

// Kinds of files beside those that flags are named for.
const (
	kindConfig     = "config"
	kindCatalog    = "catalog"
	kindState      = "state"
	kindMessage    = "message"
	kindDiscovered = "discovered" // a catalog that nobody has configured
)

// kindOf tells by its members what a JSON text is; "" when it could be anything.
func kindOf(data []byte) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		var states []map[string]json.RawMessage
		if json.Unmarshal(data, &states) == nil && len(states) > 0 && states[0]["stream"] != nil {
			return kindState
		}
		return ""
	}
	has := func(names ...string) bool {
		for _, name := range names {
			if members[name] != nil {
				return true
			}
		}
		return false
	}
	switch {
	case has("embedding", "indexing", "processing"):
		return kindConfig
	case has("streams"):
		return kindOfCatalog(members["streams"])
	case has("type") && has("record", "state", "catalog", "spec", "log", "trace"):
		return kindMessage
	}
	return ""
}

// kindOfCatalog tells a configured catalog from what discover prints, whose streams are bare.
func kindOfCatalog(streams json.RawMessage) string {
	var list []map[string]json.RawMessage
	if json.Unmarshal(streams, &list) == nil && len(list) > 0 && list[0]["stream"] == nil && list[0]["name"] != nil &&
		list[0]["json_schema"] != nil {
		return kindDiscovered
	}
	return kindCatalog
}

func describeKind(kind string) string {
	switch kind {
	case kindConfig:
		return "a configuration"
	case kindState:
		return "a list of states"
	case kindMessage:
		return "an Airbyte message"
	case kindDiscovered:
		return "a catalog that is not configured"
	}
	return "a catalog"
}

// adviceFor says what the file of a flag must hold.
func adviceFor(flag string) string {
	switch flag {
	case kindConfig:
		return "--config takes the object with embedding, processing and indexing"
	case kindCatalog:
		return "--catalog takes a configured catalog, whose streams have the members stream, sync_mode and " +
			"destination_sync_mode"
	}
	return "--state takes what a read printed last as its STATE"
}
