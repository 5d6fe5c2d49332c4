package embed

import (
	"unicode"
	"unicode/utf8"
)

// bag holds the summed weights of a text's features, each in the place and with the
// sign that its hash gives it. The square roots of the sums become the vector: the
// tenth occurrence of a word counts less than the first.
type bag [fakeDimension]int64

// Weights of the features, before the square root. A word of six or more letters
// counts four times what a trigram does; shorter words count less, because the
// words that are in every text are short.
const (
	trigramWeight  = 2
	maxWordLetters = 6 // a word of n letters weighs n*n
	// In a script without spaces one sign is too little and a text too much to be a
	// word: two signs in a row stand for one.
	signWeight = 12
	pairWeight = 36
)

// Seeds keep the hashes of the kinds of features apart.
const (
	wordSeed    uint64 = 0x9e3779b97f4a7c15
	trigramSeed uint64 = 0xd1b54a32d192ed03
	signSeed    uint64 = 0x8cb92ba72f3d8dd7
)

// runeClass is the part a rune plays.
type runeClass int

const (
	between runeClass = iota // ends a word
	letter                   // or digit: belongs to a word
	mark                     // belongs to the word or sign before it
	sign                     // stands for itself: a Chinese character, an emoji
)

func (b *bag) addText(text string) {
	var w word
	var before rune // the sign just before, 0 when there is none
	for _, r := range text {
		class, r := fold(r)
		switch class {
		case letter:
			w.add(b, r)
			before = 0
		case mark:
			if w.letters > 0 {
				w.add(b, r)
			}
		case sign:
			w.end(b)
			b.add(mix(signSeed^uint64(r)), signWeight)
			if before != 0 {
				b.add(mix(signSeed^uint64(before)<<21^uint64(r)), pairWeight)
			}
			before = r
		default:
			w.end(b)
			before = 0
		}
	}
	w.end(b)
}

// word is the word that a text is in the middle of; its zero value is between words.
type word struct {
	hash    uint64
	letters int
	a, b    rune // the two runes before; a space stands at the word's border
}

func (w *word) add(bag *bag, r rune) {
	if w.letters == 0 {
		w.hash, w.b = wordSeed, ' '
	} else {
		bag.addTrigram(w.a, w.b, r)
	}
	w.hash = (w.hash ^ uint64(r)) * 0x100000001b3 // the prime of FNV-1a
	w.letters++
	w.a, w.b = w.b, r
}

func (w *word) end(bag *bag) {
	if w.letters == 0 {
		return
	}
	bag.addTrigram(w.a, w.b, ' ')
	letters := int64(min(w.letters, maxWordLetters))
	bag.add(mix(w.hash), letters*letters)
	w.letters = 0
}

func (b *bag) addTrigram(x, y, z rune) {
	b.add(mix(trigramSeed^uint64(x)<<42^uint64(y)<<21^uint64(z)), trigramWeight)
}

// add puts the weight where the hash's upper half says, with the sign of its last bit.
func (b *bag) add(hash uint64, weight int64) {
	place := hash >> 32 * fakeDimension >> 32
	if hash&1 == 0 {
		weight = -weight
	}
	b[place] += weight
}

// total is the sum of the weights without their signs.
func (b *bag) total() int64 {
	var sum int64
	for _, weight := range b {
		sum += max(weight, -weight)
	}
	return sum
}

// mix spreads every bit of x over the whole result, as SplitMix64 does.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fold returns the class of a rune, and its lower case.
func fold(r rune) (runeClass, rune) {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		return letter, r
	case 'A' <= r && r <= 'Z':
		return letter, r + 'a' - 'A'
	case r < utf8.RuneSelf, r == utf8.RuneError:
		return between, r
	case 0x3400 <= r && r <= 0x9fff: // Chinese characters: a shortcut, the rest finds the same
		return sign, r
	case unicode.IsLetter(r), unicode.IsNumber(r):
		if isSpaceless(r) {
			return sign, r
		}
		return letter, unicode.ToLower(r)
	case unicode.IsMark(r):
		return mark, r
	case unicode.Is(unicode.So, r):
		return sign, r
	default:
		return between, r
	}
}

// isSpaceless reports whether a letter is of a script that writes no spaces between
// words. It goes by Unicode blocks, which never change.
func isSpaceless(r rune) bool {
	switch {
	case r < 0x0e00:
		return false
	case r <= 0x0eff, // Thai, Lao
		0x1000 <= r && r <= 0x109f,   // Myanmar
		0x1780 <= r && r <= 0x17ff,   // Khmer
		0x2e80 <= r && r <= 0xa4cf,   // Chinese, Japanese, Yi
		0xf900 <= r && r <= 0xfaff,   // compatibility ideographs
		0xff66 <= r && r <= 0xff9d,   // half-width katakana
		0x20000 <= r && r <= 0x3ffff: // rarer Chinese characters
		return true
	default:
		return false
	}
}
