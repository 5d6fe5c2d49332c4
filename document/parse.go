package document

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// maxParseDepth is where encoding/json stops too; what is stored may be 16 deep at most.
const maxParseDepth = 10_000

// parser reads one JSON object into a value. Its stack is reused from record to record.
type parser struct {
	src   string
	pos   int
	depth int
	stack []member // children of the containers that are still open
	seen  map[string]int
	out   []byte // of the string that is being decoded

	// What the later steps may skip, because no value in the record needs it.
	longest   int  // bytes of the longest string
	oddNames  bool // a name that cannot be stored as it is, at any depth
	malformed bool // a string that is not valid UTF-8, as a lone surrogate's is not
}

// object parses data, the text of one JSON object. Of members with one name the last value
// counts and the first position, as in Python.
func (p *parser) object(data []byte) (value, error) {
	// No copy: data may be large, and does not change any more.
	p.src, p.pos, p.depth = unsafe.String(unsafe.SliceData(data), len(data)), 0, 0
	p.longest, p.oddNames = 0, false
	p.malformed = !utf8.ValidString(p.src)
	defer func() { p.src = "" }()
	p.space()
	if p.peek() != '{' {
		return value{}, p.errorf("not a JSON object")
	}
	v, err := p.value()
	if err != nil {
		return value{}, err
	}
	p.space()
	if p.pos != len(p.src) {
		return value{}, p.errorf("text after the object")
	}
	return v, nil
}

func (p *parser) errorf(format string, args ...any) error {
	clear(p.stack)
	p.stack = p.stack[:0]
	return fmt.Errorf("%s at byte %d", fmt.Sprintf(format, args...), p.pos)
}

func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) value() (value, error) {
	switch c := p.peek(); c {
	case '{', '[':
		return p.container(c)
	case '"':
		s, err := p.str()
		p.longest = max(p.longest, len(s))
		return value{kind: kindString, text: s}, err
	case 't':
		return value{kind: kindTrue}, p.literal("true")
	case 'f':
		return value{kind: kindFalse}, p.literal("false")
	case 'n':
		return value{kind: kindNull}, p.literal("null")
	default:
		s, err := p.number()
		return value{kind: kindNumber, text: s}, err
	}
}

func (p *parser) literal(word string) error {
	if !strings.HasPrefix(p.src[p.pos:], word) {
		return p.errorf("unexpected text")
	}
	p.pos += len(word)
	return nil
}

// container parses an object or an array, from its opening to its closing bracket.
func (p *parser) container(open byte) (value, error) {
	v := value{kind: kindArray}
	if open == '{' {
		v.kind = kindObject
	}
	p.depth++
	if p.depth > maxParseDepth {
		return value{}, p.errorf("nested deeper than %d", maxParseDepth)
	}
	mark := len(p.stack)
	p.pos++
	p.space()
	for closing := open + 2; p.peek() != closing; {
		if len(p.stack) > mark {
			if p.peek() != ',' {
				return value{}, p.errorf("a comma is missing")
			}
			p.pos++
			p.space()
		}
		child, err := p.child(v.kind)
		if err != nil {
			return value{}, err
		}
		p.stack = append(p.stack, child)
		p.space()
	}
	p.pos++
	p.depth--
	children := p.stack[mark:]
	if v.kind == kindObject {
		children = p.withoutDuplicates(children)
	}
	if len(children) > 0 {
		v.children = slices.Clone(children)
	}
	clear(p.stack[mark:])
	p.stack = p.stack[:mark]
	return v, nil
}

func (p *parser) child(parent kind) (m member, err error) {
	if parent == kindObject {
		if p.peek() != '"' {
			return m, p.errorf("a name is missing")
		}
		if m.name, err = p.str(); err != nil {
			return m, err
		}
		p.oddNames = p.oddNames || oddName(m.name)
		p.space()
		if p.peek() != ':' {
			return m, p.errorf("a colon is missing")
		}
		p.pos++
		p.space()
	}
	m.value, err = p.value()
	return m, err
}

// withoutDuplicates keeps, of members with one name, the first position and the last value.
func (p *parser) withoutDuplicates(members []member) []member {
	const few = 24 // above it a map is faster than comparing each with each
	if len(members) > few {
		if p.seen == nil {
			p.seen = make(map[string]int, len(members))
		}
		defer clear(p.seen)
	}
	kept := members[:0]
	for _, m := range members {
		at := -1
		if len(members) <= few {
			at = indexOf(kept, m.name)
		} else if i, found := p.seen[m.name]; found {
			at = i
		} else {
			p.seen[m.name] = len(kept)
		}
		if at >= 0 {
			kept[at].value = m.value
		} else {
			kept = append(kept, m)
		}
	}
	return kept
}

// number returns the text of a number. JSON's grammar is Python's too.
func (p *parser) number() (string, error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	switch {
	case p.peek() == '0':
		p.pos++
	case !p.digits():
		return "", p.errorf("unexpected text")
	}
	if p.peek() == '.' {
		p.pos++
		if !p.digits() {
			return "", p.errorf("a digit is missing")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return "", p.errorf("a digit is missing")
		}
	}
	return p.src[start:p.pos], nil
}

func (p *parser) digits() bool {
	start := p.pos
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.pos++
	}
	return p.pos > start
}

// str returns a string's value. Without escapes it is a part of the source.
func (p *parser) str() (string, error) {
	p.pos++
	for start := p.pos; p.pos < len(p.src); p.pos++ {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			return p.src[start : p.pos-1], nil
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return "", p.errorf("a control character in a string")
		}
	}
	return "", p.errorf("a string without an end")
}

// escaped goes on with a string that has an escape at the current position.
func (p *parser) escaped(start int) (string, error) {
	out := p.out[:0]
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			out = append(out, p.src[start:p.pos]...)
			p.pos++
			if len(out) > maxKeptBytes { // a copy would double it
				p.out = nil
				return unsafe.String(unsafe.SliceData(out), len(out)), nil
			}
			p.out = out
			return string(out), nil
		case c < ' ':
			return "", p.errorf("a control character in a string")
		case c == '\\':
			out = append(out, p.src[start:p.pos]...)
			p.pos++
			var ok bool
			if out, ok = p.escape(out); !ok {
				return "", p.errorf("a bad escape")
			}
			start = p.pos
		default:
			p.pos++
		}
	}
	return "", p.errorf("a string without an end")
}

func (p *parser) escape(out []byte) ([]byte, bool) {
	c := p.peek()
	p.pos++
	switch c {
	case '"', '\\', '/':
		return append(out, c), true
	case 'b':
		return append(out, '\b'), true
	case 'f':
		return append(out, '\f'), true
	case 'n':
		return append(out, '\n'), true
	case 'r':
		return append(out, '\r'), true
	case 't':
		return append(out, '\t'), true
	case 'u':
		r, ok := p.hex4()
		if !ok {
			return out, false
		}
		return p.codePoint(out, r), true
	default:
		return out, false
	}
}

// codePoint appends what \uXXXX stands for, joined with the next escape if the two are a
// surrogate pair. A lone surrogate becomes the three bytes that UTF-8 would have for it: not
// valid, but different from those of any other, so that records differ where their data do.
func (p *parser) codePoint(out []byte, r rune) []byte {
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(out, r)
	}
	if after := p.pos; strings.HasPrefix(p.src[after:], `\u`) {
		p.pos += 2
		if low, ok := p.hex4(); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(out, pair)
			}
		}
		p.pos = after
	}
	p.malformed = true
	return append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
}

func (p *parser) hex4() (rune, bool) {
	if p.pos+4 > len(p.src) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.src[p.pos : p.pos+4]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	p.pos += 4
	return r, true
}
