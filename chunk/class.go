package chunk

import (
	"sort"
	"unicode"
	"unicode/utf8"
)

// class says what a character is to the scanners of words.
type class uint8

const (
	letter  class = 1 << iota // L
	number                    // N
	space                     // White_Space
	newline                   // CR and LF, which are space too
	other                     // none of the above
	upper                     // Lu, Lt, Lm, Lo, M: may stand before a lower one in a word
	lower                     // Ll, Lm, Lo, M
)

// classOf returns the class and the size of the first character of text; size 0
// and no class when it is empty. A byte that is not UTF-8 is other.
func classOf(text string) (c class, size int) {
	if text == "" {
		return 0, 0
	}
	if b := text[0]; b < utf8.RuneSelf {
		return ascii[b], 1
	}
	r, size := utf8.DecodeRuneInString(text)
	return classOfRune(r), size
}

// ascii holds the classes of ASCII.
var ascii = func() (classes [utf8.RuneSelf]class) {
	for b := range classes {
		classes[b] = classOfRune(rune(b))
	}
	return classes
}()

// classOfRune returns the class of r in Unicode 16.
func classOfRune(r rune) class {
	switch {
	case unicode.IsLower(r):
		return letter | lower
	case unicode.IsLetter(r):
		if unicode.In(r, unicode.Lu, unicode.Lt) {
			return letter | upper
		}
		return letter | upper | lower
	case unicode.IsNumber(r):
		return number
	case r == '\r' || r == '\n':
		return space | newline
	case unicode.IsSpace(r):
		return space
	case unicode.IsMark(r):
		return other | upper | lower
	}
	i := sort.Search(len(added), func(i int) bool { return r <= added[i].last })
	if i < len(added) && r >= added[i].first {
		return added[i].class
	}
	return other
}

// added holds what Unicode 15.1 and 16 added to the tables of Go 1.26, which
// are of Unicode 15, in order. A Go with newer tables never looks here.
var added = []struct {
	first, last rune
	class       class
}{
	{0x897, 0x897, other | upper | lower},
	{0x1c89, 0x1c89, letter | upper},
	{0x1c8a, 0x1c8a, letter | lower},
	{0xa7cb, 0xa7cc, letter | upper},
	{0xa7cd, 0xa7cd, letter | lower},
	{0xa7da, 0xa7da, letter | upper},
	{0xa7db, 0xa7db, letter | lower},
	{0xa7dc, 0xa7dc, letter | upper},
	{0x105c0, 0x105f3, letter | upper | lower},
	{0x10d40, 0x10d49, number},
	{0x10d4a, 0x10d4f, letter | upper | lower},
	{0x10d50, 0x10d65, letter | upper},
	{0x10d69, 0x10d6d, other | upper | lower},
	{0x10d6f, 0x10d6f, letter | upper | lower},
	{0x10d70, 0x10d85, letter | lower},
	{0x10ec2, 0x10ec4, letter | upper | lower},
	{0x10efc, 0x10efc, other | upper | lower},
	{0x11380, 0x11389, letter | upper | lower},
	{0x1138b, 0x1138b, letter | upper | lower},
	{0x1138e, 0x1138e, letter | upper | lower},
	{0x11390, 0x113b5, letter | upper | lower},
	{0x113b7, 0x113b7, letter | upper | lower},
	{0x113b8, 0x113c0, other | upper | lower},
	{0x113c2, 0x113c2, other | upper | lower},
	{0x113c5, 0x113c5, other | upper | lower},
	{0x113c7, 0x113ca, other | upper | lower},
	{0x113cc, 0x113d0, other | upper | lower},
	{0x113d1, 0x113d1, letter | upper | lower},
	{0x113d2, 0x113d2, other | upper | lower},
	{0x113d3, 0x113d3, letter | upper | lower},
	{0x113e1, 0x113e2, other | upper | lower},
	{0x116d0, 0x116e3, number},
	{0x11bc0, 0x11be0, letter | upper | lower},
	{0x11bf0, 0x11bf9, number},
	{0x11f5a, 0x11f5a, other | upper | lower},
	{0x13460, 0x143fa, letter | upper | lower},
	{0x16100, 0x1611d, letter | upper | lower},
	{0x1611e, 0x1612f, other | upper | lower},
	{0x16130, 0x16139, number},
	{0x16d40, 0x16d6c, letter | upper | lower},
	{0x16d70, 0x16d79, number},
	{0x18cff, 0x18cff, letter | upper | lower},
	{0x1ccf0, 0x1ccf9, number},
	{0x1e5d0, 0x1e5ed, letter | upper | lower},
	{0x1e5ee, 0x1e5ef, other | upper | lower},
	{0x1e5f0, 0x1e5f0, letter | upper | lower},
	{0x1e5f1, 0x1e5fa, number},
	{0x2ebf0, 0x2ee5d, letter | upper | lower},
}
