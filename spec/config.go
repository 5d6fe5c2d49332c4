package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"destination-astra/internal/redact"
)

// Config is a checked configuration with every default filled in.
type Config struct {
	Embedding  Embedding
	Processing Processing
	Indexing   Indexing
	// OmitRawText leaves the text out of the documents (omit_raw_text).
	OmitRawText bool
}

// EmbedderDimension returns the number of dimensions of every vector that a write with
// this configuration stores: from 1 to 4096, never 0.
func (c *Config) EmbedderDimension() int { return c.Embedding.Dimensions }

// Secrets returns what no message may show: the token and the keys, and what is secret in the URLs
// of the embedding service. Some may be empty.
func (c *Config) Secrets() []string {
	e := c.Embedding
	all := []string{c.Indexing.Token.Reveal(), e.OpenAIKey.Reveal(), e.CohereKey.Reveal(), e.APIKey.Reveal()}
	for _, address := range []string{e.APIBase, e.BaseURL} {
		if u, err := url.Parse(address); err == nil {
			all = append(all, redact.OfURL(u)...)
		}
	}
	return all
}

// Parse reads a configuration. It returns the Config and what is odd about it, or, when
// anything is wrong with it, no Config and all problems at once as [Errors]; warnings
// come in both cases. Coercions are listed in the package comment.
func Parse(data []byte) (*Config, []Warning, error) {
	fields, reason := decode(data)
	if reason != "" {
		return nil, nil, Errors{{Reason: reason}}
	}
	p := &parser{}
	config := p.config(newObject(p, "", fields))
	if len(p.errors) > 0 {
		return nil, p.warnings, p.errors
	}
	return config, p.warnings, nil
}

// config walks the sections in the order of the schema.
func (p *parser) config(root *object) *Config {
	var c Config
	if o, ok := root.section("embedding", "say how to embed, with a mode", true); ok {
		c.Embedding = parseEmbedding(o)
		o.done()
	}
	if o, ok := root.section("processing", "give at least a chunk_size", true); ok {
		c.Processing = parseProcessing(o)
		o.done()
	}
	c.OmitRawText = root.boolean("omit_raw_text")
	hint := "say where to write, with endpoint, token, keyspace and collection"
	if o, ok := root.section("indexing", hint, true); ok {
		c.Indexing = parseIndexing(o)
		o.done()
	}
	root.done()
	return &c
}

// decode reads the one JSON object that a configuration is. The reason is empty when
// all is well.
func decode(data []byte) (fields map[string]any, reason string) {
	// Windows tools begin a file with a byte order mark.
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	decoder := json.NewDecoder(bytes.NewReader(data))
	// Numbers keep their text, so that 8191.5 is not mistaken for a whole number.
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, "is not valid JSON: " + position(data, syntax.Offset) + ": " + syntax.Error()
	}
	if err != nil {
		return nil, "is not valid JSON: " + position(data, int64(len(data))+1) + ": it ends too early"
	}
	end := decoder.InputOffset()
	if rest := bytes.TrimLeft(data[end:], " \t\r\n"); len(rest) > 0 {
		where := position(data, int64(len(data)-len(rest))+1)
		return nil, "is not valid JSON: " + where + ": there is more text after its end"
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, "must be a JSON object, not " + kind(value)
	}
	return fields, ""
}

// position turns the count of bytes up to and including the offending one into a line
// and a column, both from 1. Columns count bytes, as most editors' error lists do.
func position(data []byte, offset int64) string {
	offset = min(max(offset-1, 0), int64(len(data)))
	before := data[:offset]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d", line, column)
}
