package connector

import "encoding/json"

// DecodeStored reads a document that was found, and returns its _id and the rest of the filter
// that matches it for as long as nobody has confirmed it since.
func DecodeStored(raw json.RawMessage) (id any, unchanged map[string]any, err error) {
	d, err := decodeStored(raw)
	return d.rawID(), d.unchanged(), err
}
