package jsonscan

import "fmt"

// maxDepth is how deep objects and arrays may nest; the same as in encoding/json.
const maxDepth = 10_000

// Scanner walks over one JSON text (RFC 8259) and copies none of it: what it returns lies in the
// text. It accepts what json.Valid accepts. Invalid UTF-8 and lone surrogates are not its
// business: what to do about them is for whoever uses the strings, and one utf8.Valid over the
// text is cheaper. The first error is final. [New] makes one.
type Scanner struct {
	text  []byte
	pos   int
	depth int
	fault *Error
}

// Error says what is not JSON.
type Error struct {
	// Offset is where it is in the text, in bytes.
	Offset int
	// Reason names one character of the text at most, or a token that other writers of
	// JSON print, such as NaN.
	Reason string
}

// Error is the reason and the offset.
func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// New returns a Scanner at the beginning of text.
func New(text []byte) Scanner { return Scanner{text: text} }

// Offset is how many bytes are consumed, white space before the next byte included after a Peek.
func (s *Scanner) Offset() int { return s.pos }

// Rest is the text that is not consumed yet.
func (s *Scanner) Rest() []byte { return s.text[s.pos:] }

// Advance consumes the first n bytes of Rest, for a caller that has read and validated a value
// by itself.
func (s *Scanner) Advance(n int) { s.pos += n }

// Peek skips white space and returns the byte after it, 0 at the end.
func (s *Scanner) Peek() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// Accept consumes the byte c when it is next, after white space.
func (s *Scanner) Accept(c byte) bool {
	if s.fault != nil || s.Peek() != c {
		return false
	}
	s.pos++
	return true
}

// Object walks over the object that is next. It calls member for each name, unescaped and only
// valid during the call, with the scanner at the value, and member must consume the value. An
// error of member ends the walk and is returned as it is; all others are an *Error.
func (s *Scanner) Object(member func(name []byte) error) error {
	for more := s.enter('{', '}'); more; more = s.next('}') {
		name, ok := s.key()
		if !ok {
			break
		}
		if err := member(Unquote(name)); err != nil || s.fault != nil {
			return s.first(err)
		}
	}
	return s.err()
}

// Array walks over the array that is next. It calls element for each element, counted from 0,
// which must consume it. Errors are as in Object.
func (s *Scanner) Array(element func(i int) error) error {
	i := 0
	for more := s.enter('[', ']'); more; more = s.next(']') {
		if err := element(i); err != nil || s.fault != nil {
			return s.first(err)
		}
		i++
	}
	return s.err()
}

// Key consumes a member's name, the colon after it and the white space around them. It returns
// the name as it stands in the text, with its quotes; beside an error, too, when only the colon
// is missing. Object is for whole objects.
func (s *Scanner) Key() ([]byte, error) {
	token, _ := s.key()
	return token, s.err()
}

// Value consumes a value of any kind and returns its text.
func (s *Scanner) Value() ([]byte, error) {
	s.Peek()
	start := s.pos
	if err := s.Skip(); err != nil {
		return nil, err
	}
	return s.text[start:s.pos], nil
}

// Skip consumes a value of any kind.
func (s *Scanner) Skip() error {
	s.skip()
	return s.err()
}

// String consumes a string and returns it as it stands in the text, with its quotes and escapes:
// see [Unquote].
func (s *Scanner) String() ([]byte, error) {
	if s.Peek() != '"' {
		return nil, s.Unexpected()
	}
	return s.Value()
}

// End returns an error unless nothing but white space is left.
func (s *Scanner) End() error {
	if s.Peek(); s.pos < len(s.text) {
		return s.Unexpected()
	}
	return s.err()
}

// Unexpected ends the scan, for a caller that has no use for the value that is next: its error
// names the first byte of it.
func (s *Scanner) Unexpected() error {
	s.Peek()
	s.unexpected()
	return s.err()
}

// enter consumes an opening bracket and reports whether an element follows it.
func (s *Scanner) enter(opening, closing byte) bool {
	if s.Peek() != opening {
		return s.unexpected()
	}
	if s.depth++; s.depth > maxDepth {
		return s.fail(s.pos, "nested too deep")
	}
	s.pos++
	if s.Peek() == closing {
		return s.leave()
	}
	return s.fault == nil
}

// next consumes what follows an element and reports whether another one comes.
func (s *Scanner) next(closing byte) bool {
	switch s.Peek() {
	case ',':
		s.pos++
		return true
	case closing:
		return s.leave()
	}
	return s.unexpected()
}

// leave consumes a closing bracket: no more elements.
func (s *Scanner) leave() bool {
	s.pos++
	s.depth--
	return false
}

// key is Key; ok is false after an error.
func (s *Scanner) key() (token []byte, ok bool) {
	if s.Peek() != '"' {
		return nil, s.unexpected()
	}
	start := s.pos
	if !s.skipString() {
		return nil, false
	}
	token = s.text[start:s.pos]
	if s.Peek() != ':' {
		return token, s.unexpected()
	}
	s.pos++
	s.Peek()
	return token, s.fault == nil
}

// skip consumes any value.
func (s *Scanner) skip() bool {
	switch s.Peek() {
	case '"':
		return s.skipString()
	case '{':
		return s.skipObject()
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

func (s *Scanner) skipObject() bool {
	for more := s.enter('{', '}'); more; more = s.next('}') {
		if _, ok := s.key(); !ok || !s.skip() {
			return false
		}
	}
	return s.fault == nil
}

func (s *Scanner) skipArray() bool {
	for more := s.enter('[', ']'); more; more = s.next(']') {
		if !s.skip() {
			return false
		}
	}
	return s.fault == nil
}

// fail notes the first fault.
func (s *Scanner) fail(offset int, reason string) bool {
	if s.fault == nil {
		s.fault, s.pos = &Error{offset, reason}, offset
	}
	return false
}

// unexpected fails at the current byte.
func (s *Scanner) unexpected() bool {
	rest := s.Rest()
	if len(rest) == 0 {
		return s.fail(s.pos, endReason)
	}
	for _, token := range []string{"NaN", "Infinity", "-Infinity"} {
		if hasPrefix(rest, token) {
			return s.fail(s.pos, token+" is not JSON")
		}
	}
	return s.fail(s.pos, fmt.Sprintf("unexpected character %q", rest[0]))
}

// first is the error of a caller's function, or else the fault that it has passed over.
func (s *Scanner) first(err error) error {
	if err != nil {
		return err
	}
	return s.err()
}

// err returns the fault as an error, which is nil when there is none.
func (s *Scanner) err() error {
	if s.fault == nil {
		return nil
	}
	return s.fault
}
