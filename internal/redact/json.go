package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Foreign is JSON from elsewhere that nobody has looked through. The one way to its content is
// [Redactor.Decode], so that a field that is declared with it cannot be shown by mistake. It
// prints as [Mark].
type Foreign struct{ text json.RawMessage }

// UnmarshalJSON keeps the JSON.
func (f *Foreign) UnmarshalJSON(text []byte) error {
	f.text = bytes.Clone(text)
	return nil
}

// Format prints [Mark], whatever the verb.
func (f Foreign) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, Mark) }

// Decode is json.Unmarshal for what is foreign, without its secrets; nothing where nothing came.
func (r *Redactor) Decode(f Foreign, into any) error {
	if len(f.text) == 0 {
		return nil
	}
	return r.Error(json.Unmarshal(r.JSON(f.text), into))
}

// longNumber is the length of a number that may be a secret.
const longNumber = 16

// JSON returns the JSON text with each of its strings, names included, as [Redactor.Text] has
// it. A long number that is a secret becomes a string. What is not JSON is redacted as a text.
func (r *Redactor) JSON(text []byte) []byte {
	switch {
	case r == nil:
		return text
	case !json.Valid(text):
		return []byte(r.Text(string(text)))
	}
	var b bytes.Buffer
	for rest := text; len(rest) > 0; {
		n := tokenLength(rest)
		b.Write(r.token(rest[:n]))
		rest = rest[n:]
	}
	return b.Bytes()
}

// tokenLength is the length of what stands first in valid JSON: a string, a number, a word, or
// a byte between them.
func tokenLength(text []byte) int {
	if text[0] == '"' {
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(text)
	}
	switch n := bytes.IndexAny(text, "\"{}[]:, \t\r\n"); n {
	case -1:
		return len(text)
	case 0:
		return 1
	default:
		return n
	}
}

// token returns a token without secrets.
func (r *Redactor) token(text []byte) []byte {
	var said string
	switch {
	case text[0] == '"':
		if json.Unmarshal(text, &said) != nil {
			said = string(text)
		}
	case len(text) >= longNumber:
		said = string(text)
	default:
		return text
	}
	clean := r.Text(said)
	if clean == said {
		return text
	}
	quoted, err := json.Marshal(clean)
	if err != nil {
		return []byte(`"` + Mark + `"`)
	}
	return quoted
}
