package chunk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// level is how fine the places are that cut a part.
type level int

// The levels: a part that is too long is cut at the places of the next one.
const (
	block     level = iota // paragraphs and headings
	sentence               // sentences and lines
	group                  // some words
	word                   // words
	stretch                // some characters
	character              // characters
)

// grade is how wanted a place is.
type grade uint8

// The grades. A place before a heading has heading plus 6 minus its level.
const (
	anywhere grade = iota
	betweenWords
	lineEnd
	sentenceEnd
	sentenceLine // a sentence ends with its line
	paragraph
	heading
	forced = heading + maxHeading
)

// passage is a piece of the text between two places: from start to end, without white space, and with
// what of the white space around counts as its tokens from lo to hi.
type passage struct {
	lo, start, end, hi int
	exact              bool // the tokens add up at lo
}

// parts yields the parts of p, which has more than one character, at the places of a level, or of the
// next one that has any in p.
func (c *cutter) parts(l level, p passage, yield func(passage, grade)) {
	find := c.finder(l)
	next := passage{lo: p.lo, start: p.start}
	var g grade
	for from := p.start; ; {
		end, start, found := find(from, p.end)
		if start >= p.end {
			break
		}
		next.end, next.hi = end, end
		after := passage{lo: start, start: start}
		if start-end > c.most {
			found = forced
		} else if at, ok := c.seam(end, start); ok {
			next.hi, after.lo, after.exact = at, at, true
		} else {
			after.lo = end
		}
		yield(next, g)
		next, g, from = after, found, start
	}
	if next.start == p.start {
		c.parts(l+1, p, yield)
		return
	}
	next.end, next.hi = p.end, p.hi
	yield(next, g)
}

// seam returns where in the white space from end to start the tokens add up.
func (c *cutter) seam(end, start int) (at int, ok bool) {
	if c.seamer == nil || start == end {
		return 0, false
	}
	at, ok = c.seamer.seam(c.text[end:], start-end)
	return end + at, ok
}

// finder finds the first place in text[from:to]: the end of the text before it and the start of the text
// behind it, which is to where there is none.
type finder func(from, to int) (end, start int, g grade)

// finder returns the finder of a level.
func (c *cutter) finder(l level) finder {
	switch l {
	case block:
		return c.nextBlock
	case sentence:
		return c.nextSentence
	case group:
		return c.nextGroup
	case word:
		return c.nextWord
	case stretch:
		return c.nextStretch
	default:
		return c.nextCharacter
	}
}

// nextBlock finds an empty line, or a heading, but not right behind a heading.
func (c *cutter) nextBlock(from, to int) (end, start int, g grade) {
	inHeading := headingLevel(c.text[from:to]) > 0
	for at := from; ; {
		n := strings.IndexByte(c.text[at:to], '\n')
		if n < 0 {
			return to, to, 0
		}
		end = at + n
		start, lines := c.skipSpace(end, to)
		if start == to {
			return to, to, 0
		}
		h := headingLevel(c.text[start:to])
		switch {
		case h > 0 && !inHeading:
			return c.trimEnd(from, end), start, heading + maxHeading - grade(h)
		case lines > 1 && !inHeading:
			return c.trimEnd(from, end), start, paragraph
		}
		inHeading = h > 0
		at = start
	}
}

// skipSpace returns the end of the white space at start, and its line breaks.
func (c *cutter) skipSpace(start, to int) (end, lines int) {
	for end = start; end < to; {
		r, size := utf8.DecodeRuneInString(c.text[end:to])
		if !unicode.IsSpace(r) {
			break
		}
		if r == '\n' {
			lines++
		}
		end += size
	}
	return end, lines
}

// trimEnd returns the end of text[from:end] without the white space there.
func (c *cutter) trimEnd(from, end int) int {
	return from + len(strings.TrimRightFunc(c.text[from:end], unicode.IsSpace))
}

// headingLevel returns the level of the Markdown heading that text starts with, or 0.
func headingLevel(text string) int {
	n := 0
	for n < len(text) && n <= maxHeading && text[n] == '#' {
		n++
	}
	if n > maxHeading || n == len(text) || text[n] != ' ' {
		return 0
	}
	return n
}

// nextSentence finds the end of a sentence or of a line.
func (c *cutter) nextSentence(from, to int) (end, start int, g grade) {
	inHeading := headingLevel(c.text[from:to]) > 0
	ends := false // a sentence, if white space follows
	for i := from; i < to; {
		r, size := utf8.DecodeRuneInString(c.text[i:to])
		switch {
		case unicode.IsSpace(r):
			start, lines := c.skipSpace(i, to)
			if start == to {
				return to, to, 0
			}
			if g := gapGrade(ends, lines > 0, c.text[start:to]); g > betweenWords && !inHeading {
				return i, start, g
			}
			inHeading = inHeading && lines == 0
			i, ends = start, false
			continue
		case strings.ContainsRune(".!?…", r):
			ends = true
		case strings.ContainsRune("。！？", r) && !inHeading && i+size < to:
			start, _ := c.skipSpace(i+size, to)
			return i + size, start, sentenceEnd
		case !strings.ContainsRune(`)]}"'*_”’»`, r):
			ends = false
		}
		i += size
	}
	return to, to, 0
}

// gapGrade returns the grade of white space with or without a line break, between a text that ends
// like a sentence or does not, and the text behind.
func gapGrade(ends, line bool, behind string) grade {
	r, _ := utf8.DecodeRuneInString(behind)
	switch ends = ends && !unicode.IsLower(r); {
	case ends && line:
		return sentenceLine
	case ends:
		return sentenceEnd
	case line:
		return lineEnd
	}
	return betweenWords
}

// nextWord finds white space.
func (c *cutter) nextWord(from, to int) (end, start int, g grade) {
	n := strings.IndexFunc(c.text[from:to], unicode.IsSpace)
	if n < 0 {
		return to, to, 0
	}
	start, _ = c.skipSpace(from+n, to)
	return from + n, start, betweenWords
}

// nextCharacter finds the next character.
func (c *cutter) nextCharacter(from, to int) (end, start int, g grade) {
	_, size := utf8.DecodeRuneInString(c.text[from:to])
	return from + size, from + size, anywhere
}

// What a group of words or a stretch of characters has at least, and mostOfLeast times that at most.
const (
	groupShare   = 64 // of the room
	stretchShare = 16 // of the room
	mostStretch  = 16 // characters
	mostOfLeast  = 4
)

// nextGroup finds the end of some words: few enough that the cuts have a choice.
func (c *cutter) nextGroup(from, to int) (end, start int, g grade) {
	return c.several(from, to, max(1, c.room/groupShare), c.nextWord)
}

// nextStretch finds the end of some characters.
func (c *cutter) nextStretch(from, to int) (end, start int, g grade) {
	return c.several(from, to, min(max(1, c.room/stretchShare), mostStretch), c.nextCharacter)
}

// several finds the place behind least to mostOfLeast*least of what next finds: one in mostOfLeast,
// which one its text decides.
func (c *cutter) several(
	from, to, least int, next finder,
) (end, start int, g grade) {
	at := from
	for n := 1; ; n++ {
		end, start, g = next(at, to)
		if start >= to || n >= least && (n == least*mostOfLeast || hash(c.text[at:end])%mostOfLeast == 0) {
			return end, start, g
		}
		at = start
	}
}
