package redact

import (
	"encoding/hex"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxViews and maxDepth bound how often a text is decoded.
const (
	maxViews = 12
	maxDepth = 3
)

// view is a text as one reads it who decodes what is escaped in it. Byte i of it comes from the
// bytes from[i] to to[i] of the original.
type view struct {
	text     []byte
	from, to []int
}

// viewOf is the text as it is.
func viewOf(text string) view {
	v := view{text: []byte(text), from: make([]int, len(text)), to: make([]int, len(text))}
	for i := range len(text) {
		v.from[i], v.to[i] = i, i+1
	}
	return v
}

// span translates a place in the view into one in the original.
func (v view) span(s span) span { return span{v.from[s.start], v.to[s.end-1]} }

// put appends text that comes from the bytes from to to of the view of.
func (v *view) put(text []byte, of view, from, to int) {
	for range text {
		v.from = append(v.from, of.from[from])
		v.to = append(v.to, of.to[to-1])
	}
	v.text = append(v.text, text...)
}

// decoder reads an escape at the beginning of a text: what it stands for and how long it is;
// 0 when there is none.
type decoder struct {
	marks  string // that begin an escape
	decode func(text []byte) (plain []byte, length int)
}

func decoders() []decoder {
	return []decoder{{"%", percentEscape}, {`\`, backslashEscape}, {"&", entity}}
}

// views are the text as it is and as it reads decoded, in all orders, up to maxDepth times.
func views(text string) []view {
	all := []view{viewOf(text)}
	seen := map[string]bool{text: true}
	level := all
	for range maxDepth {
		var next []view
		for _, v := range level {
			for _, d := range decoders() {
				plain, changed := v.decoded(d)
				if !changed || seen[string(plain.text)] || len(all)+len(next) == maxViews {
					continue
				}
				seen[string(plain.text)] = true
				next = append(next, plain)
			}
		}
		all, level = append(all, next...), next
	}
	return all
}

// decoded is the view without one kind of escapes.
func (v view) decoded(d decoder) (plain view, changed bool) {
	if !strings.ContainsAny(string(v.text), d.marks) {
		return v, false
	}
	for i := 0; i < len(v.text); {
		text, n := []byte(nil), 0
		if strings.IndexByte(d.marks, v.text[i]) >= 0 {
			text, n = d.decode(v.text[i:])
		}
		if n == 0 {
			text, n = v.text[i:i+1], 1
		} else {
			changed = true
		}
		plain.put(text, v, i, i+n)
		i += n
	}
	return plain, changed
}

// lettersOf keeps the letters and digits of a view, all small.
func lettersOf(v view) view {
	var letters view
	for i := 0; i < len(v.text); {
		r, n := utf8.DecodeRune(v.text[i:])
		if r != utf8.RuneError && inWord(r) {
			letters.put(utf8.AppendRune(nil, unicode.ToLower(r)), v, i, i+n)
		}
		i += n
	}
	return letters
}

// percentEscape reads %XX.
func percentEscape(text []byte) (plain []byte, length int) { return hexByte(text, 1) }

// hexByte reads two hexadecimal digits behind a mark of so many bytes.
func hexByte(text []byte, mark int) (plain []byte, length int) {
	if len(text) < mark+2 {
		return nil, 0
	}
	plain = make([]byte, 1)
	if _, err := hex.Decode(plain, text[mark:mark+2]); err != nil {
		return nil, 0
	}
	return plain, mark + 2
}

// backslashEscape reads what JSON, Go and JavaScript write behind a backslash.
func backslashEscape(text []byte) (plain []byte, length int) {
	if len(text) < 2 {
		return nil, 0
	}
	switch c := text[1]; c {
	case '"', '\\', '/', '\'':
		return text[1:2], 2
	case 'u':
		return unicodeEscape(text)
	case 'x':
		return hexByte(text, 2)
	default:
		if i := strings.IndexByte("abfnrtv", c); i >= 0 {
			return []byte{"\a\b\f\n\r\t\v"[i]}, 2
		}
	}
	return nil, 0
}

// unicodeEscape reads \uXXXX, or two of them that are one character.
func unicodeEscape(text []byte) (plain []byte, length int) {
	first, ok := unit(text)
	if !ok {
		return nil, 0
	}
	if second, ok := unit(text[6:]); ok && utf16.IsSurrogate(first) {
		if both := utf16.DecodeRune(first, second); both != utf8.RuneError {
			return utf8.AppendRune(nil, both), 12
		}
	}
	return utf8.AppendRune(nil, first), 6
}

func unit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}

// maxEntity is the length of the longest entity that is looked for.
const maxEntity = 12

// entity reads an entity of HTML.
func entity(text []byte) (plain []byte, length int) {
	end := strings.IndexByte(string(text[:min(len(text), maxEntity)]), ';')
	if end < 0 {
		return nil, 0
	}
	escaped := string(text[:end+1])
	if said := html.UnescapeString(escaped); said != escaped {
		return []byte(said), end + 1
	}
	return nil, 0
}
