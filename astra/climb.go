package astra

import (
	"math"
	"time"
)

const (
	// climbStep is the factor by which the number of calls goes up and down.
	climbStep = 1.5
	// minRound is the least calls of a round.
	minRound = 8
	// heldRounds is how long a number that proved right is kept before another is tried.
	heldRounds = 8
	// latencyFloor is added to latencies: differences far below it mean nothing.
	latencyFloor = 5 * time.Millisecond
	// noStretch and muchStretch: up to the first, calls take as long as when they are
	// alone; from the second on more than half of them wait in the server.
	noStretch, muchStretch = 1.25, 2
	// worthwhile is the part of an added call that has to come out of the server as
	// throughput.
	worthwhile = 0.3
)

// climb finds how many calls at a time are worth it. It goes up while the calls take no
// longer, or while more of them get done; where more calls only wait in the server it
// goes back. Calls differ, so each is measured against the least of its kind: the sum
// of what they took over the sum of the least is their stretch, and the number at a
// time over the stretch is the yield, the calls' worth that the server really does at
// a time. The zero value is not ready; it is not safe for concurrent use.
type climb struct {
	limit int
	least map[string]time.Duration

	began       time.Time // of this round
	calls, full int       // of this round; full: sent while all slots were taken
	took, ideal time.Duration
	before      mark // of another limit
	held        int
}

// mark is a number of calls at a time and what it yielded.
type mark struct {
	limit int
	yield float64
}

func newClimb(first int) climb {
	return climb{limit: min(max(1, first), MaxConcurrency), least: map[string]time.Duration{}}
}

// ease halves the limit, and forgets what was measured under it.
func (c *climb) ease() {
	c.limit = max(1, c.limit/2)
	c.before, c.held = mark{}, 0
	c.begin()
}

func (c *climb) begin() {
	c.began, c.calls, c.full, c.took, c.ideal = time.Now(), 0, 0, 0, 0
}

// add takes note of a call of this kind that went well. What was sent in an earlier
// round says nothing about the limit of this one.
func (c *climb) add(kind string, t ticket) {
	took := time.Since(t.began) + latencyFloor
	least, known := c.least[kind]
	if !known || took < least {
		least = took
		c.least[kind] = least
	}
	if t.began.Before(c.began) {
		return
	}
	c.calls++
	c.took += took
	c.ideal += least
	if t.full {
		c.full++
	}
	if c.calls >= max(minRound, 2*c.limit) {
		c.judge()
		c.begin()
	}
}

// judge sets the limit at the end of a round.
func (c *climb) judge() {
	if 2*c.full < c.calls {
		// The calls have not used the limit, so that nothing speaks against it.
		c.move(c.limit + 1)
		c.before = mark{}
		return
	}
	stretch := float64(c.took) / float64(c.ideal)
	now := mark{c.limit, float64(c.limit) / stretch}
	before := c.before
	c.before = now
	switch {
	case stretch < noStretch:
		c.move(c.up())
	case before.limit == 0 || before.limit == now.limit:
		c.probe(stretch)
	case now.slope(before) >= worthwhile:
		c.move(c.up())
	case now.limit < before.limit && stretch >= muchStretch:
		c.move(c.down())
	default:
		c.held = heldRounds
		c.move(min(now.limit, before.limit))
	}
}

// probe tries another limit after one that was kept.
func (c *climb) probe(stretch float64) {
	if c.held > 0 {
		c.held--
		return
	}
	if stretch >= muchStretch {
		c.move(c.down())
		return
	}
	c.move(c.up())
}

func (c *climb) up() int   { return int(math.Ceil(float64(c.limit) * climbStep)) }
func (c *climb) down() int { return int(float64(c.limit) / climbStep) }

func (c *climb) move(limit int) {
	c.limit = min(max(1, limit), MaxConcurrency)
	if c.held > 0 {
		c.before.limit = c.limit
	}
}

// slope is how much of the difference in calls came out as a difference in yield: 1
// where each call is done as fast as before, 0 where they only wait.
func (m mark) slope(other mark) float64 {
	return (m.yield/other.yield - 1) / (float64(m.limit)/float64(other.limit) - 1)
}
