package embed

import (
	"bytes"
	"encoding/json"
	"errors"
)

// errJSON says that a text is not JSON at all, or ends too early.
var errJSON = errors.New("not valid JSON")

// scanner walks through a JSON text without copying it. It looks only at what a
// decoder asks for and leaves the checking of small values to encoding/json: that
// is what makes a reply of megabytes cheap.
type scanner struct {
	text []byte
	pos  int
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// accept consumes c when it is next.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

// object calls field for each field, which must consume the value and not keep key.
func (s *scanner) object(field func(key []byte) error) error {
	return s.list('{', '}', func(int) error {
		key, err := s.key()
		if err != nil {
			return err
		}
		return field(key)
	})
}

// key consumes a field's name and the colon after it.
func (s *scanner) key() ([]byte, error) {
	raw, err := s.value()
	if err != nil {
		return nil, err
	}
	if raw[0] != '"' || !s.accept(':') {
		return nil, errJSON
	}
	return unquote(raw)
}

// unquote returns what a JSON string says; without escapes that is a part of quoted.
func unquote(quoted []byte) ([]byte, error) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return nil, errJSON
	}
	return []byte(text), nil
}

// array calls element for each element, which must consume it.
func (s *scanner) array(element func(i int) error) error {
	return s.list('[', ']', element)
}

func (s *scanner) list(first, last byte, element func(i int) error) error {
	if !s.accept(first) {
		return errJSON
	}
	if s.accept(last) {
		return nil
	}
	for i := 0; ; i++ {
		if err := element(i); err != nil {
			return err
		}
		if s.accept(last) {
			return nil
		}
		if !s.accept(',') {
			return errJSON
		}
	}
}

// value consumes one value of any kind and returns its text, which is valid JSON.
func (s *scanner) value() (json.RawMessage, error) {
	c := s.peek()
	start := s.pos
	switch c {
	case '"':
		s.pos = s.stringEnd(start)
	case '{', '[':
		s.pos = s.nestedEnd(start)
	default:
		s.pos = start + literalLen(s.text[start:])
	}
	if raw := s.text[start:s.pos]; json.Valid(raw) {
		return raw, nil
	}
	return nil, errJSON
}

// str consumes a string and returns it between its quotes, escapes and all, without
// looking at what is in it.
func (s *scanner) str() (quoted []byte, err error) {
	if s.peek() != '"' {
		return nil, errJSON
	}
	start := s.pos
	end := s.stringEnd(start)
	if end-start < 2 || s.text[end-1] != '"' {
		return nil, errJSON
	}
	s.pos = end
	return s.text[start:end], nil
}

// number consumes a number and returns its text; it is empty when no number is next.
func (s *scanner) number() ([]byte, error) {
	s.peek()
	start := s.pos
	for s.pos < len(s.text) && isNumberByte(s.text[s.pos]) {
		s.pos++
	}
	raw := s.text[start:s.pos]
	if len(raw) > 0 && !validNumber(raw) {
		return nil, errJSON
	}
	return raw, nil
}

func isNumberByte(c byte) bool {
	return '0' <= c && c <= '9' || c == '-' || c == '.' || c == 'e' || c == 'E' || c == '+'
}

// validNumber checks the grammar of JSON, which is narrower than strconv's.
func validNumber(raw []byte) bool {
	if raw[0] == '-' {
		raw = raw[1:]
	}
	whole := digits(raw)
	if whole == 0 || whole > 1 && raw[0] == '0' {
		return false
	}
	raw = raw[whole:]
	if len(raw) > 0 && raw[0] == '.' {
		n := digits(raw[1:])
		if n == 0 {
			return false
		}
		raw = raw[1+n:]
	}
	if len(raw) == 0 {
		return true
	}
	if raw[0] != 'e' && raw[0] != 'E' {
		return false
	}
	raw = raw[1:]
	if len(raw) > 0 && (raw[0] == '+' || raw[0] == '-') {
		raw = raw[1:]
	}
	return len(raw) > 0 && digits(raw) == len(raw)
}

// digits returns how many digits raw starts with.
func digits(raw []byte) int {
	n := 0
	for n < len(raw) && '0' <= raw[n] && raw[n] <= '9' {
		n++
	}
	return n
}

// stringEnd returns the position after the string that starts at start, or the end
// of the text when the string does not end.
func (s *scanner) stringEnd(start int) int {
	for pos := start + 1; pos < len(s.text); {
		quote := bytes.IndexByte(s.text[pos:], '"')
		if quote < 0 {
			break
		}
		end := pos + quote
		slashes := 0
		for end-slashes-1 > start && s.text[end-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return end + 1
		}
		pos = end + 1
	}
	return len(s.text)
}

// nestedEnd returns the position after the object or array that starts at start.
func (s *scanner) nestedEnd(start int) int {
	depth := 0
	for pos := start; pos < len(s.text); pos++ {
		switch s.text[pos] {
		case '"':
			pos = s.stringEnd(pos) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return pos + 1
			}
		}
	}
	return len(s.text)
}

// literalLen is the length of the number or name that data starts with.
func literalLen(data []byte) int {
	end := bytes.IndexAny(data, " \t\r\n,:]}[{\"")
	if end < 0 {
		return len(data)
	}
	return end
}
