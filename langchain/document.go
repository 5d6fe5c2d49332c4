package langchain

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	bigendian "encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/tmc/langchaingo/schema"

	"destination-astra/astra"
)

// The fields that a document has for the Store (docs/documents.md).
const (
	fieldText   = "text"
	fieldStream = "_ab_stream"
)

// idPrefix keeps the ids apart from the connector's, which are 64 hex digits.
const idPrefix = "langchain-"

// document is one that is added.
type document struct {
	id     string
	fields []byte // the JSON object's members but _id and $vector, with a comma in front
	vector []float32
}

var _ astra.Document = (*document)(nil)

// ID returns the _id.
func (d *document) ID() string { return d.id }

// AppendJSON appends the whole document.
func (d *document) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"_id":"`+d.id+`","$vector":{"$binary":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, pack(d.vector))
	dst = append(dst, `"}`...)
	dst = append(dst, d.fields...)
	return append(dst, '}')
}

// newDocument encodes all of a document but its vector, which comes later.
func newDocument(stream string, d schema.Document) (document, error) {
	fields := map[string]any{fieldText: d.PageContent, fieldStream: stream}
	for name, value := range d.Metadata {
		if reserved(name) {
			return document{}, fmt.Errorf(
				"langchain: the metadata field %q cannot be stored under its name: rename it", name)
		}
		fields[name] = value
	}
	text, err := json.Marshal(fields) // in the order of the names: equal documents are equal texts
	if err != nil {
		return document{}, fmt.Errorf("langchain: metadata: %w", err)
	}
	sum := sha256.Sum256(text)
	return document{
		id: idPrefix + hex.EncodeToString(sum[:16]), fields: append([]byte{','}, text[1:len(text)-1]...),
	}, nil
}

// reserved names belong to the connector, or the server refuses them.
func reserved(name string) bool {
	return name == "" || name[0] == '$' || name == "_id" || name == fieldText || strings.HasPrefix(name, "_ab_")
}

// binary is a vector as the Data API takes it.
func binary(vector []float32) any { return map[string][]byte{"$binary": pack(vector)} }

// pack writes big-endian float32.
func pack(vector []float32) []byte {
	packed := make([]byte, 0, 4*len(vector))
	for _, f := range vector {
		packed = bigendian.BigEndian.AppendUint32(packed, math.Float32bits(f))
	}
	return packed
}

// decode reads a found document. Whole numbers in its metadata are int64, others float64.
func decode(raw json.RawMessage) (schema.Document, error) {
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return schema.Document{}, fmt.Errorf("langchain: document %.200s: %w", raw, err)
	}
	var d schema.Document
	d.PageContent, _ = fields[fieldText].(string)
	if n, ok := fields["$similarity"].(json.Number); ok {
		similarity, err := n.Float64()
		if err != nil {
			return d, fmt.Errorf("langchain: $similarity: %w", err)
		}
		d.Score = float32(similarity)
	}
	for _, name := range []string{fieldText, "$similarity", "$vector"} {
		delete(fields, name)
	}
	for name, value := range fields {
		fields[name] = plain(value)
	}
	d.Metadata = fields
	return d, nil
}

// plain replaces the json.Numbers in a value.
func plain(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		f, err := x.Float64()
		if err != nil {
			return x.String() // beyond a float64
		}
		return f
	case map[string]any:
		for name, value := range x {
			x[name] = plain(value)
		}
	case []any:
		for i, value := range x {
			x[i] = plain(value)
		}
	}
	return v
}
