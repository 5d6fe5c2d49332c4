package protocol

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
)

// maxDepth is how deep objects and arrays may nest; the same as in encoding/json.
const maxDepth = 10_000

// scanner walks over one JSON text (RFC 8259), validating all of it and copying none of it.
// Its methods report whether the text was valid so far; after a false, fault and pos say what
// was wrong where. Invalid UTF-8 is not its business: one utf8.Valid over a line is cheaper.
type scanner struct {
	data  []byte
	pos   int
	depth int
	fault string
}

// fail notes the first fault.
func (s *scanner) fail(pos int, fault string) bool {
	if s.fault == "" {
		s.pos, s.fault = pos, fault
	}
	return false
}

// unexpected fails at the current byte. The text names this byte at most, or a token that
// other JSON writers print, never more of the data.
func (s *scanner) unexpected() bool {
	rest := s.data[s.pos:]
	if len(rest) == 0 {
		return s.fail(s.pos, "unexpected end of line")
	}
	for _, token := range []string{"NaN", "Infinity", "-Infinity"} {
		if strings.HasPrefix(string(rest[:min(len(rest), len("-Infinity"))]), token) {
			return s.fail(s.pos, token+" is not JSON")
		}
	}
	return s.fail(s.pos, fmt.Sprintf("unexpected character %q", rest[0]))
}

// peek skips white space and returns the byte after it, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// object walks over the object that starts here. It calls member for each key, with the
// scanner at the value, and member must consume the value. A nil member skips the values.
func (s *scanner) object(member func(key []byte) bool) bool {
	if s.depth++; s.depth > maxDepth {
		return s.fail(s.pos, "nested too deep")
	}
	s.pos++
	if s.peek() == '}' {
		return s.leave()
	}
	for {
		key, ok := s.key()
		if !ok {
			return false
		}
		if member == nil {
			ok = s.skip()
		} else {
			ok = member(unquote(key))
		}
		if !ok {
			return false
		}
		switch s.peek() {
		case ',':
			s.pos++
		case '}':
			return s.leave()
		default:
			return s.unexpected()
		}
	}
}

// key consumes a member's key and colon and the white space around them. It returns the key's
// token, quotes included.
func (s *scanner) key() ([]byte, bool) {
	if s.peek() != '"' {
		return nil, s.unexpected()
	}
	start := s.pos
	if !s.skipString() {
		return nil, false
	}
	token := s.data[start:s.pos]
	if s.peek() != ':' {
		return token, s.unexpected()
	}
	s.pos++
	s.peek()
	return token, true
}

// leave consumes a closing bracket.
func (s *scanner) leave() bool {
	s.pos++
	s.depth--
	return true
}

// capture consumes a value and keeps its text in value.
func (s *scanner) capture(value *[]byte) bool {
	s.peek()
	start := s.pos
	ok := s.skip()
	*value = s.data[start:s.pos]
	return ok
}

// skip consumes any value.
func (s *scanner) skip() bool {
	switch s.peek() {
	case '"':
		return s.skipString()
	case '{':
		return s.object(nil)
	case '[':
		return s.skipArray()
	case 't':
		return s.skipLiteral("true")
	case 'f':
		return s.skipLiteral("false")
	case 'n':
		return s.skipLiteral("null")
	default:
		return s.skipNumber()
	}
}

// skipArray consumes the array that starts here.
func (s *scanner) skipArray() bool {
	if s.depth++; s.depth > maxDepth {
		return s.fail(s.pos, "nested too deep")
	}
	s.pos++
	if s.peek() == ']' {
		return s.leave()
	}
	for {
		if !s.skip() {
			return false
		}
		switch s.peek() {
		case ',':
			s.pos++
		case ']':
			return s.leave()
		default:
			return s.unexpected()
		}
	}
}

// skipLiteral consumes true, false or null. What follows it is the caller's to check, so that
// "nulll" fails at its last letter.
func (s *scanner) skipLiteral(word string) bool {
	// Compared as strings, which costs no allocation.
	rest := s.data[s.pos:]
	if len(rest) < len(word) || string(rest[:len(word)]) != word {
		return s.fail(s.pos, "invalid literal")
	}
	s.pos += len(word)
	return true
}

// skipString consumes the string that starts here, its escapes validated but not decoded: a
// lone surrogate is valid JSON, and what to do about it is for the document to decide.
func (s *scanner) skipString() bool {
	for i := s.pos + 1; ; {
		i = plainEnd(s.data, i)
		if i >= len(s.data) {
			return s.fail(len(s.data), "unexpected end of line")
		}
		switch s.data[i] {
		case '"':
			s.pos = i + 1
			return true
		case '\\':
			n := escapeLen(s.data[i:])
			if n == 0 {
				return s.fail(i, "invalid escape in a string")
			}
			i += n
		default:
			return s.fail(i, "control character in a string")
		}
	}
}

// plainEnd returns the index of the first byte from i on that ends a plain stretch of a
// string: a quote, a backslash or a control character; len(data) when there is none. It looks
// at eight bytes at a time, which is most of this package's speed.
func plainEnd(data []byte, i int) int {
	const low, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(data); i += 8 {
		word := binary.LittleEndian.Uint64(data[i:])
		quote, slash := word^(low*'"'), word^(low*'\\')
		stop := (quote-low)&^quote | (slash-low)&^slash | (word-low*' ')&^word
		// A borrow can mark bytes above a true hit, never below it: the lowest is right.
		if stop &= high; stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return len(data)
}

// escapeLen returns the length of the escape that b starts with, 0 when it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 && isHex(b[2]) && isHex(b[3]) && isHex(b[4]) && isHex(b[5]) {
			return 6
		}
	}
	return 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// skipNumber consumes a number of any size and precision; it is also where every byte that
// begins no value ends up, hence the unexpected.
func (s *scanner) skipNumber() bool {
	start := s.pos
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
	} else if !s.digits() {
		s.pos = start
		return s.unexpected()
	}
	if s.at('.') {
		s.pos++
		if !s.digits() {
			return s.fail(start, "invalid number")
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		if !s.digits() {
			return s.fail(start, "invalid number")
		}
	}
	return true
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.data) && s.data[s.pos] == c }

// digits consumes digits and reports whether there was one.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}

// end reports whether nothing but white space is left.
func (s *scanner) end() bool {
	s.peek()
	return s.pos == len(s.data) || s.unexpected()
}

// unquote returns the text of a valid string token. It copies only when there are escapes;
// those of lone surrogates become U+FFFD, which suits names but never data.
func unquote(token []byte) []byte {
	text := token[1 : len(token)-1]
	if plainEnd(text, 0) == len(text) {
		return text
	}
	var s string
	if err := json.Unmarshal(token, &s); err != nil {
		return text
	}
	return []byte(s)
}

// lookup returns the value of a member of a valid JSON object; nil when object is not an
// object or has no such member.
func lookup(object []byte, name string) []byte {
	if !isObject(object) {
		return nil
	}
	var value, ignored []byte
	s := scanner{data: object}
	s.object(func(key []byte) bool {
		if string(key) == name {
			return s.capture(&value)
		}
		return s.capture(&ignored)
	})
	return value
}

func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }
func isString(value []byte) bool { return len(value) > 0 && value[0] == '"' }

// isAbsent reports whether a member is missing or null, which mean the same in the protocol.
func isAbsent(value []byte) bool { return len(value) == 0 || string(value) == "null" }
