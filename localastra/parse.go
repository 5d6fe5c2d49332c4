package localastra

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxNumberLength is the longest number literal ("max-number-length", Data API v1.0.51).
	maxNumberLength = 100
	// maxNesting bounds recursion, as the Jackson parser of the real server does.
	maxNesting = 1000
	// linearNames is how many names of one object are compared one by one.
	linearNames = 12
)

// parser reads one JSON text strictly: no duplicate names, no NaN, no comments.
type parser struct {
	text      string
	pos       int
	nesting   int
	maxNumber int // how long a number may be
}

// parseJSON reads a whole text. The error is REQUEST_NOT_JSON, or
// SHRED_DOC_LIMIT_VIOLATION for a number of more than 100 characters.
func parseJSON(text string) (value, *apiError) {
	if !utf8.ValidString(text) {
		return value{}, notJSON("invalid UTF-8")
	}
	p := &parser{text: text, maxNumber: maxNumberLength}
	v, err := p.value()
	if err != nil {
		return value{}, err
	}
	if p.space(); p.pos < len(p.text) {
		return value{}, p.unexpected("expected the end of the text")
	}
	return v, nil
}

// parseStored reads text that this package wrote, and that the engine has checked against
// its checksum. A number may be longer than one of a request: it may have grown when it was
// normalised, and by $inc and $mul.
func parseStored(text []byte) value {
	p := &parser{text: string(text), maxNumber: len(text)}
	v, err := p.value()
	if err != nil {
		return value{}
	}
	return v
}

// notJSON is the answer to a body that is no JSON text. The whole request fails:
// nothing of it was looked at.
func notJSON(problem string) *apiError {
	return newError("REQUEST_NOT_JSON", "Request not valid JSON, problem: "+problem+
		".\n\nResend request as valid JSON.")
}

// unexpected names the character at which the text stopped making sense.
func (p *parser) unexpected(want string) *apiError {
	if p.pos >= len(p.text) {
		return notJSON("Unexpected end-of-input: " + want)
	}
	return notJSON(fmt.Sprintf("Unexpected character (%q) at offset %d: %s", p.text[p.pos], p.pos, want))
}

// space skips white space. JSON has four characters of it and no comments.
func (p *parser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// next skips white space and consumes c when it comes next.
func (p *parser) next(c byte) bool {
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// value reads any JSON value. Errors end the parse; there is no recovery.
func (p *parser) value() (value, *apiError) {
	p.space()
	if p.pos >= len(p.text) {
		return value{}, p.unexpected("expected a value")
	}
	switch c := p.text[p.pos]; {
	case c == '"':
		s, err := p.string()
		return stringValue(s), err
	case c == '{' || c == '[':
		return p.composite(c)
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	default:
		return p.word()
	}
}

// composite reads an object or an array, and counts how deep it is: a text of brackets
// only must not exhaust the stack.
func (p *parser) composite(open byte) (value, *apiError) {
	if p.nesting++; p.nesting > maxNesting {
		return value{}, notJSON("nesting depth exceeds the maximum allowed (1000)")
	}
	defer func() { p.nesting-- }()
	p.pos++
	if open == '{' {
		return p.object()
	}
	return p.array()
}

// word reads null, true or false. Whatever follows them is found out by the caller.
func (p *parser) word() (value, *apiError) {
	for _, w := range [...]struct {
		text string
		kind kind
	}{{"null", kindNull}, {"true", kindTrue}, {"false", kindFalse}} {
		if strings.HasPrefix(p.text[p.pos:], w.text) {
			p.pos += len(w.text)
			return value{kind: w.kind}, nil
		}
	}
	return value{}, p.unexpected("expected a value")
}

// array reads the rest of an array. An empty one has items that are not nil, so that it
// prints as [].
func (p *parser) array() (value, *apiError) {
	items := []value{}
	if p.next(']') {
		return arrayValue(items), nil
	}
	for {
		item, err := p.value()
		if err != nil {
			return value{}, err
		}
		items = append(items, item)
		if p.next(',') {
			continue
		}
		if p.next(']') {
			return arrayValue(items), nil
		}
		return value{}, p.unexpected("expected ',' or ']'")
	}
}

// object reads the rest of an object and refuses a second field of the same name, as
// the Data API does: which of them counts would be a matter of taste.
func (p *parser) object() (value, *apiError) {
	fields := []field{}
	if p.next('}') {
		return objectValue(fields...), nil
	}
	var seen map[string]bool
	for {
		f, err := p.field()
		if err != nil {
			return value{}, err
		}
		if duplicate(fields, f.name, &seen) {
			return value{}, notJSON("Duplicate field '" + f.name + "'")
		}
		fields = append(fields, f)
		if p.next(',') {
			continue
		}
		if p.next('}') {
			return objectValue(fields...), nil
		}
		return value{}, p.unexpected("expected ',' or '}'")
	}
}

// field reads a name and its value.
func (p *parser) field() (field, *apiError) {
	if p.space(); p.pos >= len(p.text) || p.text[p.pos] != '"' {
		return field{}, p.unexpected("expected a double-quoted field name")
	}
	name, err := p.string()
	if err != nil {
		return field{}, err
	}
	if !p.next(':') {
		return field{}, p.unexpected("expected ':'")
	}
	v, err := p.value()
	return field{name, v}, err
}

// duplicate tells whether fields has the name; seen takes over once fields is long.
func duplicate(fields []field, name string, seen *map[string]bool) bool {
	if len(fields) < linearNames {
		for i := range fields {
			if fields[i].name == name {
				return true
			}
		}
		return false
	}
	if *seen == nil {
		*seen = make(map[string]bool, 2*linearNames)
		for i := range fields {
			(*seen)[fields[i].name] = true
		}
	}
	if (*seen)[name] {
		return true
	}
	(*seen)[name] = true
	return false
}

// number reads a number by the strict grammar of JSON and normalises it at once, so
// that every later comparison and every answer sees the same text.
func (p *parser) number() (value, *apiError) {
	start := p.pos
	p.sign("-")
	whole := p.digits()
	if whole == 0 || whole > 1 && p.text[p.pos-whole] == '0' {
		return value{}, notJSON("invalid number at offset " + strconv.Itoa(start))
	}
	if p.sign(".") && p.digits() == 0 {
		return value{}, p.unexpected("expected a digit")
	}
	if p.sign("eE") {
		p.sign("+-")
		if p.digits() == 0 {
			return value{}, p.unexpected("expected a digit")
		}
	}
	if n := p.pos - start; n > p.maxNumber {
		return value{}, newError("SHRED_DOC_LIMIT_VIOLATION", fmt.Sprintf("Document size limitation violated: "+
			"Number value length (%d) exceeds the maximum allowed (%d).", n, p.maxNumber))
	}
	return value{kind: kindNumber, text: normalizeNumber(p.text[start:p.pos])}, nil
}

// sign consumes one of the characters of a number when it comes next.
func (p *parser) sign(of string) bool {
	if p.pos < len(p.text) && strings.IndexByte(of, p.text[p.pos]) >= 0 {
		p.pos++
		return true
	}
	return false
}

// digits consumes digits and returns how many there were.
func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

// string reads a JSON string. One without escapes is a slice of the text. Slices keep
// the whole request alive, which is fine for as long as the request lives; whoever
// keeps a value longer clones it.
func (p *parser) string() (string, *apiError) {
	p.pos++
	rest := p.text[p.pos:]
	end := strings.IndexByte(rest, '"')
	if end < 0 {
		return "", notJSON("Unexpected end-of-input in a string")
	}
	if strings.IndexByte(rest[:end], '\\') < 0 {
		if at := controlCharacter(rest[:end]); at >= 0 {
			return "", notJSON("Illegal unquoted control character in a string")
		}
		p.pos += end + 1
		return rest[:end], nil
	}
	return p.escapedString()
}

// controlCharacter returns where a control character stands in s; -1 when there is
// none. JSON wants them escaped.
func controlCharacter(s string) int {
	for i := range len(s) {
		if s[i] < 0x20 {
			return i
		}
	}
	return -1
}

// escapedString reads a string that has escapes, byte by byte. It starts behind the
// opening quote.
func (p *parser) escapedString() (string, *apiError) {
	var b []byte
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		switch {
		case c == '"':
			return string(b), nil
		case c < 0x20:
			return "", notJSON("Illegal unquoted control character in a string")
		case c != '\\':
			b = append(b, c)
		default:
			var err *apiError
			if b, err = p.escape(b); err != nil {
				return "", err
			}
		}
	}
	return "", notJSON("Unexpected end-of-input in a string")
}

// escape reads what follows a backslash.
func (p *parser) escape(b []byte) ([]byte, *apiError) {
	if p.pos >= len(p.text) {
		return nil, notJSON("Unexpected end-of-input in a string")
	}
	c := p.text[p.pos]
	p.pos++
	switch c {
	case '"', '\\', '/':
		return append(b, c), nil
	case 'b':
		return append(b, '\b'), nil
	case 'f':
		return append(b, '\f'), nil
	case 'n':
		return append(b, '\n'), nil
	case 'r':
		return append(b, '\r'), nil
	case 't':
		return append(b, '\t'), nil
	case 'u':
		return p.unicodeEscape(b)
	default:
		return nil, notJSON("Unrecognized character escape")
	}
}

// unicodeEscape decodes \uXXXX. A lone surrogate is kept as three bytes that are not
// valid UTF-8: the real server accepts it in JSON and fails when it stores it.
func (p *parser) unicodeEscape(b []byte) ([]byte, *apiError) {
	r, ok := p.hex4()
	if !ok {
		return nil, notJSON("bad \\u escape in a string")
	}
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(b, r), nil
	}
	if strings.HasPrefix(p.text[p.pos:], `\u`) {
		mark := p.pos
		p.pos += 2
		low, ok := p.hex4()
		if joined := utf16.DecodeRune(r, low); ok && joined != utf8.RuneError {
			return utf8.AppendRune(b, joined), nil
		}
		p.pos = mark
	}
	return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F), nil
}

// hex4 reads four hexadecimal digits. ok is false when there are fewer, and then
// nothing is consumed.
func (p *parser) hex4() (rune, bool) {
	if p.pos+4 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[p.pos:p.pos+4], 16, 16)
	if err != nil {
		return 0, false
	}
	p.pos += 4
	return rune(n), true
}
