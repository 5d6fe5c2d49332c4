package jsonscan

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

const endReason = "unexpected end of JSON"

// Unquote returns the text of a string that a Scanner has returned. It copies only when there
// are escapes; those of lone surrogates become U+FFFD, which suits names but never data.
func Unquote(token []byte) []byte {
	text := token[1 : len(token)-1]
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	var s string
	if err := json.Unmarshal(token, &s); err != nil {
		return text
	}
	return []byte(s)
}

// hasPrefix compares as strings, which costs no allocation.
func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// skipLiteral consumes true, false or null. What follows it is the caller's to check, so that
// "nulll" fails at its last letter.
func (s *Scanner) skipLiteral(word string) bool {
	if !hasPrefix(s.text[s.pos:], word) {
		return s.fail(s.pos, "invalid literal")
	}
	s.pos += len(word)
	return true
}

// skipString consumes the string that starts here, its escapes validated but not decoded.
func (s *Scanner) skipString() bool {
	for i := s.pos + 1; ; {
		i = plainEnd(s.text, i)
		if i >= len(s.text) {
			return s.fail(len(s.text), endReason)
		}
		switch s.text[i] {
		case '"':
			s.pos = i + 1
			return true
		case '\\':
			n := escapeLen(s.text[i:])
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
// string: a quote, a backslash or a control character; len(text) when there is none. It looks
// at eight bytes at a time, and in a long stretch at four times eight, which is most of this
// package's speed.
func plainEnd(text []byte, i int) int {
	for short := i + 32; i+8 <= len(text); i += 8 {
		if ends := stretchEnds(text[i:]); ends != 0 {
			return i + bits.TrailingZeros64(ends)/8
		}
		for i >= short && i+40 <= len(text) {
			next := text[i+8 : i+40]
			if stretchEnds(next)|stretchEnds(next[8:])|stretchEnds(next[16:])|stretchEnds(next[24:]) != 0 {
				short = i + 40 // it ends before that
				break
			}
			i += 32
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return len(text)
}

// stretchEnds looks at eight bytes. The lowest bit that is set is the high one of the first byte
// that ends a plain stretch; those above it tell nothing, since a borrow can set them, too.
func stretchEnds(text []byte) uint64 {
	const low, high = 0x0101010101010101, 0x8080808080808080
	word := binary.LittleEndian.Uint64(text)
	quote, slash := word^(low*'"'), word^(low*'\\')
	return ((quote-low)&^quote | (slash-low)&^slash | (word-low*' ')&^word) & high
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
func (s *Scanner) skipNumber() bool {
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

func (s *Scanner) at(c byte) bool { return s.pos < len(s.text) && s.text[s.pos] == c }

// digits consumes digits and reports whether there was one.
func (s *Scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.text) && s.text[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}
