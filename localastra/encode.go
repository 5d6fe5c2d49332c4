package localastra

import (
	"strconv"
	"unicode/utf8"
)

// decimalText prints an integer.
func decimalText(n int) string { return strconv.Itoa(n) }

// appendJSON appends the compact JSON text of v. It is the form in which documents are
// stored and sent, so what was stored needs no translation to be an answer.
func (v value) appendJSON(dst []byte) []byte {
	switch v.kind {
	case kindNull:
		return append(dst, "null"...)
	case kindFalse:
		return append(dst, "false"...)
	case kindTrue:
		return append(dst, "true"...)
	case kindNumber:
		return append(dst, v.text...)
	case kindString:
		return appendString(dst, v.text)
	case kindArray:
		dst = append(dst, '[')
		for i, item := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.appendJSON(dst)
		}
		return append(dst, ']')
	default:
		dst = append(dst, '{')
		for i, f := range v.fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, f.name), ':')
			dst = f.value.appendJSON(dst)
		}
		return append(dst, '}')
	}
}

// json returns the compact JSON text of v, as it appears in messages.
func (v value) json() string { return string(v.appendJSON(nil)) }

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. Only what JSON forces is escaped; a half
// surrogate pair (which parse keeps as three bytes) comes out as its \u escape.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0xED {
			continue
		}
		if c == 0xED {
			if r, _ := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || i+2 >= len(s) {
				continue
			}
			half := rune(c&0x0F)<<12 | rune(s[i+1]&0x3F)<<6 | rune(s[i+2]&0x3F)
			dst = append(dst, s[start:i]...)
			dst = appendUnicodeEscape(dst, half)
			i += 2
			start = i + 1
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, c)
		start = i + 1
	}
	return append(append(dst, s[start:]...), '"')
}

// appendEscape escapes one byte that may not stand in a JSON string. The short forms
// are those that the Data API's own serializer prints.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return appendUnicodeEscape(dst, rune(c))
	}
}

// appendUnicodeEscape appends \uXXXX. The output stays valid JSON even for half of a
// surrogate pair, which UTF-8 cannot express.
func appendUnicodeEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&0xF], hexDigits[r>>8&0xF], hexDigits[r>>4&0xF], hexDigits[r&0xF])
}
