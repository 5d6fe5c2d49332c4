package chunk

import (
	"cmp"
	"slices"
)

// piece is a row of units of a segment, by index.
type piece struct{ first, last, tokens int }

// pieces merges the units of a segment. Each slice has an entry for each unit; what belongs to the
// place before a unit stands at the unit. The slices serve one segment after the other.
type pieces struct {
	at     []piece // where a piece starts
	starts []int   // where the piece starts that ends here
	before []int   // tokens of the segment before here
	// The nearest places on both sides that are more wanted; the ends of the segment are.
	left, right []int
	order       []int // the places, the least wanted first
}

// reset makes a piece of each unit.
func (p *pieces) reset(units []unit) {
	p.at, p.starts, p.before = p.at[:0], p.starts[:0], p.before[:0]
	p.left, p.right, p.order = p.left[:0], p.right[:0], p.order[:0]
	total := 0
	for i, u := range units {
		p.at = append(p.at, piece{first: i, last: i, tokens: u.tokens})
		p.starts = append(p.starts, i)
		p.before = append(p.before, total)
		p.left = append(p.left, i-1)
		p.right = append(p.right, i+1)
		total += u.tokens
		if i > 0 {
			p.order = append(p.order, i)
		}
	}
	p.before = append(p.before, total)
}

// merge makes chunks of the units of the segment and starts a new one.
//
// It takes the places from the least to the most wanted one, and joins the two pieces beside each that
// have room in one. What becomes of a place so depends on those around that are less wanted: of an edit
// it takes a row of ever more wanted places to be noticed far away. Such a row ends at the latest at a
// peak, a place than which none within two fifths of the room is more wanted: it always cuts.
func (c *cutter) merge() {
	if len(c.units) == 0 {
		return
	}
	p := &c.pieces
	p.reset(c.units)
	slices.SortFunc(p.order, func(i, j int) int {
		return cmp.Or(compare(&c.units[i], &c.units[j]), cmp.Compare(i, j))
	})
	for _, i := range p.order {
		if !p.peak(i, c.room*2/5) {
			p.join(i, c.room)
		}
	}
	c.joinSmall()
	for i := 0; i < len(c.units); i = p.at[i].last + 1 {
		c.emit(p.at[i])
	}
	c.units = c.units[:0]
}

// compare orders units by how wanted the cut before them is. What decides among equal grades is as good
// as random, and the same wherever the text stands.
func compare(a, b *unit) int {
	return cmp.Or(cmp.Compare(a.grade, b.grade), cmp.Compare(a.hash, b.hash), cmp.Compare(a.whole, b.whole))
}

// peak takes the place before unit i out of those that are to come, and reports whether none of these
// is nearer than room.
func (p *pieces) peak(i, room int) bool {
	left, right := p.left[i], p.right[i]
	p.right[left] = right
	if right < len(p.left) {
		p.left[right] = left
	}
	return p.before[i]-p.before[left] > room && p.before[right]-p.before[i] > room
}

// join makes one of the two pieces beside the place before unit i, if that has at most room tokens.
func (p *pieces) join(i, room int) bool {
	left, right := &p.at[p.starts[i-1]], &p.at[i]
	if left.tokens+right.tokens > room {
		return false
	}
	left.tokens += right.tokens
	left.last = right.last
	p.starts[right.last] = left.first
	return true
}

// joinSmall gives each piece that is smaller than the least to a neighbour, behind the less wanted of
// the two cuts if both have room for it: no piece is longer than most less the least before.
func (c *cutter) joinSmall() {
	p := &c.pieces
	for i := 0; i < len(c.units); {
		behind := p.at[i].last + 1
		if p.at[i].tokens >= c.least || !c.joinNeighbour(i, behind) {
			i = behind
		} else if p.at[i].last+1 == behind {
			i = behind // it went to the piece before
		}
	}
}

// joinNeighbour joins the piece from unit i to the one before behind with one beside it.
func (c *cutter) joinNeighbour(i, behind int) bool {
	before := func() bool { return i > 0 && c.pieces.join(i, c.most) }
	after := func() bool { return behind < len(c.units) && c.pieces.join(behind, c.most) }
	if i > 0 && behind < len(c.units) && compare(&c.units[behind], &c.units[i]) < 0 {
		return after() || before()
	}
	return before() || after()
}
