package chunk

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// stable cuts at places that the text around them chooses, so that an edit moves only the cuts near it
// (ADR 0036). It grades the places where a text may be cut (place.go) down to where the parts between
// them fit, and joins these parts again, over the least wanted places first, as far as there is room
// (pieces.go). Nothing it does depends on what is far away.
type stable struct {
	most    int // tokens of a chunk without its overlap
	room    int // tokens up to which parts are joined, so that a small one still fits
	least   int // tokens below which a piece joins a neighbour: room and least are most
	overlap int // tokens
	counter Counter
	seamer  seamer // nil: the counter's counts add up nowhere
}

// A seamer is a counter whose counts add up at some places.
type seamer interface {
	// seam returns where in the white space that text starts with, which is size bytes long and has
	// text before it, the tokens before and behind are together those of the whole.
	seam(text string, size int) (at int, ok bool)
}

// leastShare is which part of a chunk the least piece has.
const leastShare = 16

// newStable returns the stable splitter for chunks of at most size tokens, of which overlap, at most half
// of them, are the end of the chunk before.
func newStable(size, overlap int, counter Counter) *stable {
	s := &stable{most: size - overlap, overlap: overlap, counter: counter}
	s.least = s.most / leastShare
	s.room = s.most - s.least
	s.seamer, _ = counter.(seamer)
	return s
}

// split appends the chunks of text to chunks.
func (s *stable) split(chunks []string, text string) []string {
	c := cutter{stable: s, text: text, chunks: chunks}
	if start, end := trim(text, 0, len(text)); start < end {
		c.add(block, passage{lo: start, start: start, end: end, hi: end}, forced)
		c.merge()
	}
	return c.chunks
}

// cutter is the work on one text.
type cutter struct {
	*stable
	text    string
	units   []unit // of the segment, which is merged on its own
	dropped bool   // a part before the next unit, as it had nothing but white space
	pieces  pieces
	chunks  []string
}

// unit is a part of the text that is not cut any more: it fits.
type unit struct {
	start, end int // without the white space around
	tokens     int
	grade      grade  // of the place before it
	hash       uint64 // of the first text behind that place
	whole      uint64 // hash of the unit, among equal ones
	exact      bool   // the tokens add up at that place
}

// Where a segment ends, besides at forced places: behind leastUnits at the first place whose hash ends
// in the zeros of segmentMask, or behind mostUnits. Segments bound the memory for a text without end.
const (
	segmentMask = 1<<9 - 1
	leastUnits  = 1 << 9
	mostUnits   = 1 << 13
)

// hashedBytes is how much of the text behind a place decides about it. A change further on leaves it
// as it is.
const hashedBytes = 64

// bytesPerToken is more than texts have. A longer part is cut without a count.
const bytesPerToken = 8

// add makes units of a part: itself, or what the places of the level cut it to when it is too long.
func (c *cutter) add(l level, p passage, g grade) {
	if p.end-p.start <= bytesPerToken*c.room {
		if n := c.count(p); n <= c.room || !divisible(c.text[p.start:p.end]) {
			c.push(p, min(n, c.room), g)
			return
		}
	}
	c.parts(l, p, func(finer passage, inner grade) {
		if finer.start == p.start {
			inner, finer.exact = g, p.exact
		}
		c.add(l+1, finer, inner)
	})
}

// count returns the tokens of a part, with its white space unless that alone makes it too long.
func (c *cutter) count(p passage) int {
	n := c.counter.Count(c.text[p.lo:p.hi])
	if n > c.room && p.hi-p.lo > p.end-p.start {
		return c.counter.Count(c.text[p.start:p.end])
	}
	return n
}

// divisible reports whether text has more than one character.
func divisible(text string) bool {
	_, size := utf8.DecodeRuneInString(text)
	return size < len(text)
}

// push appends a unit to the segment, or to a new one. What is white space to [isSpace] alone is none.
func (c *cutter) push(p passage, tokens int, g grade) {
	u := unit{tokens: tokens, grade: g, exact: p.exact && !c.dropped}
	u.start, u.end = trim(c.text, p.start, p.end)
	if c.dropped = u.start == u.end; c.dropped {
		return
	}
	u.hash = hash(c.text[u.start:min(u.end, u.start+hashedBytes)])
	u.whole = hash(c.text[u.start:u.end])
	ends := len(c.units) >= leastUnits && u.hash&segmentMask == 0 || len(c.units) == mostUnits
	if g == forced || ends {
		c.merge()
	}
	c.units = append(c.units, u)
}

// emit appends the chunk of a piece. Without the white space around it the piece may prove to be too
// long after all, or because its tokens do not add up: then it becomes two.
func (c *cutter) emit(p piece) {
	units := c.units[p.first : p.last+1]
	start, end := units[0].start, units[len(units)-1].end
	switch {
	case c.fits(units, p.tokens):
		c.chunks = append(c.chunks, c.text[c.overlapping(start, end):end])
	case len(units) == 1:
		c.halve(start, end)
	default:
		at := p.first + strongest(units)
		left, right := piece{first: p.first, last: at - 1}, piece{first: at, last: p.last, tokens: p.tokens}
		for _, u := range c.units[left.first:at] {
			left.tokens += u.tokens
			right.tokens -= u.tokens
		}
		c.emit(left)
		c.emit(right)
	}
}

// strongest returns the unit before which to cut first.
func strongest(units []unit) int {
	best := 1
	for i := 2; i < len(units); i++ {
		if compare(&units[i], &units[best]) > 0 {
			best = i
		}
	}
	return best
}

// halve appends text[start:end] in halves, as often as it takes. A character is never cut.
func (c *cutter) halve(start, end int) {
	start, end = trim(c.text, start, end)
	text := c.text[start:end]
	if text == "" {
		return
	}
	if !divisible(text) || c.counter.Count(text) <= c.most {
		c.chunks = append(c.chunks, text)
		return
	}
	middle := len(text) / 2
	for middle > 0 && !utf8.RuneStart(text[middle]) {
		middle--
	}
	if middle == 0 {
		_, middle = utf8.DecodeRuneInString(text)
	}
	c.halve(start, start+middle)
	c.halve(start+middle, end)
}

// fits reports whether the chunk of units, whose tokens are given, is short enough. It counts only
// where it has to.
func (c *cutter) fits(units []unit, tokens int) bool {
	text := c.text[units[0].start:units[len(units)-1].end]
	if len(text) <= c.most {
		return true // a token has at least one byte
	}
	exact := true
	for i := range units[1:] {
		exact = exact && units[1+i].exact
	}
	// The words at both ends may have other tokens without the white space beside them.
	first, last := strings.IndexAny(text, " \n"), strings.LastIndexAny(text, " \n")
	if exact && first >= 0 && tokens+first+len(text)-last <= c.most {
		return true
	}
	return c.counter.Count(text) <= c.most
}

// overlapping returns where the chunk of the text from start to end starts with its overlap: with as many
// whole sentences, or else words, as are not too long.
func (c *cutter) overlapping(start, end int) int {
	if c.overlap == 0 {
		return start
	}
	for _, next := range []finder{c.nextSentence, c.nextWord} {
		at := c.reachBack(start, next)
		if at < start && c.counter.Count(c.text[at:end]) <= c.most+c.overlap {
			return at
		}
	}
	return start
}

// reachBack returns the first place that next finds from which on the text up to start is an overlap.
func (c *cutter) reachBack(start int, next finder) int {
	from := max(0, start-bytesPerToken*c.overlap)
	for from > 0 && !utf8.RuneStart(c.text[from]) {
		from--
	}
	var places []int
	if from == 0 {
		first, _ := c.skipSpace(0, start)
		places = append(places, first)
	}
	for {
		_, behind, _ := next(from, start)
		if behind >= start {
			break
		}
		places = append(places, behind)
		from = behind
	}
	at, room := start, c.overlap
	for i := len(places) - 1; i >= 0; i-- {
		if room -= c.counter.Count(c.text[places[i]:at]); room < 0 {
			break
		}
		at = places[i]
	}
	return at
}

// trim returns where text[start:end] starts and ends without the white space around it.
func trim(text string, start, end int) (from, to int) {
	end = start + len(strings.TrimRightFunc(text[start:end], isSpace))
	return end - len(strings.TrimLeftFunc(text[start:end], isSpace)), end
}

// hash is as good as random. It decides about cuts for good, so it never changes.
func hash(text string) uint64 {
	const factor = 0x9e3779b97f4a7c15
	h := uint64(len(text)) * factor
	for len(text) >= 8 {
		h = bits.RotateLeft64((h^word64(text))*factor, 29)
		text = text[8:]
	}
	for i := range len(text) {
		h = bits.RotateLeft64((h^uint64(text[i]))*factor, 29)
	}
	h = (h ^ h>>32) * factor
	return h ^ h>>29
}

// word64 returns the first eight bytes of text as a number.
func word64(text string) uint64 {
	_ = text[7]
	return uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
		uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
}
