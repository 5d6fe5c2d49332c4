package document

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The texts of values are those that the Python connector made with langchain's stringify_dict
// and str(): existing collections were embedded from them, and existing _ab_record_id values
// were joined from them.

// appendLines appends each field as "name: text" and a newline.
func appendLines(dst []byte, fields []member) []byte {
	for i := range fields {
		dst = append(dst, fields[i].name...)
		dst = append(dst, ": "...)
		dst = appendText(dst, fields[i].value)
		dst = append(dst, '\n')
	}
	return dst
}

// appendText appends the text of a value: an object is its lines after a newline, an array its
// elements joined by newlines.
func appendText(dst []byte, v value) []byte {
	switch v.kind {
	case kindObject:
		return appendLines(append(dst, '\n'), v.children)
	case kindArray:
		for i, element := range v.children {
			if i > 0 {
				dst = append(dst, '\n')
			}
			dst = appendText(dst, element.value)
		}
		return dst
	default:
		return appendPyStr(dst, v)
	}
}

// appendPyStr appends Python's str(v).
func appendPyStr(dst []byte, v value) []byte {
	if v.kind == kindString {
		return append(dst, v.text...)
	}
	return appendPyRepr(dst, v)
}

// appendPyRepr appends Python's repr(v).
func appendPyRepr(dst []byte, v value) []byte {
	switch v.kind {
	case kindTrue:
		return append(dst, "True"...)
	case kindFalse:
		return append(dst, "False"...)
	case kindNumber:
		return appendPyNumber(dst, v.text)
	case kindString:
		return appendPyQuoted(dst, v.text)
	case kindArray:
		dst = append(dst, '[')
		for i, element := range v.children {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendPyRepr(dst, element.value)
		}
		return append(dst, ']')
	case kindObject:
		dst = append(dst, '{')
		for i, m := range v.children {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(appendPyQuoted(dst, m.name), ": "...)
			dst = appendPyRepr(dst, m.value)
		}
		return append(dst, '}')
	default:
		return append(dst, "None"...)
	}
}

// appendPyNumber appends the repr of the int or float that Python reads from the JSON number.
// A number beyond float64, which Python reads as inf, stays as it was written.
func appendPyNumber(dst []byte, number string) []byte {
	if !strings.ContainsAny(number, ".eE") {
		if number == "-0" {
			number = "0"
		}
		return append(dst, number...)
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return append(dst, number...)
	}
	return appendPyFloat(dst, f)
}

// appendPyFloat appends repr(f): the shortest digits that read back as f, with an exponent from
// 1e16 on and below 1e-4, and always recognisable as a float.
func appendPyFloat(dst []byte, f float64) []byte {
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	mark := bytes.LastIndexByte(dst[start:], 'e')
	exponent, err := strconv.Atoi(string(dst[start+mark+1:]))
	if err != nil || exponent < -4 || exponent >= 16 {
		return dst
	}
	dst = strconv.AppendFloat(dst[:start], f, 'f', -1, 64)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendPyQuoted appends repr(s) of a str.
func appendPyQuoted(dst []byte, s string) []byte {
	quote := byte('\'')
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		quote = '"'
	}
	dst = append(dst, quote)
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case unicode.IsPrint(r):
			dst = utf8.AppendRune(dst, r)
		default:
			dst = appendPyEscape(dst, r)
		}
	}
	return append(dst, quote)
}

func appendPyEscape(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	digits := 8
	switch {
	case r < 0x100:
		dst, digits = append(dst, `\x`...), 2
	case r < 0x10000:
		dst, digits = append(dst, `\u`...), 4
	default:
		dst = append(dst, `\U`...)
	}
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, hex[r>>shift&15])
	}
	return dst
}
