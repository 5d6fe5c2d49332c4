package astra

import (
	"context"
	"errors"
	"time"

	"destination-astra/internal/retry"
)

const (
	// firstIdlePause doubles with each page in a row that brings nothing, up to
	// longestIdlePause: a server that answers so again and again is not hammered.
	firstIdlePause   = 5 * time.Millisecond
	longestIdlePause = 250 * time.Millisecond
)

// Paging watches a loop over the pages of a result, or over calls that each do a part
// of the work, for ends that never come. Every loop of this program goes by it:
//
//	for {
//		page, err := collection.Find(ctx, query)
//		...
//		more, err := paging.Next(ctx, page.NextPageState, len(page.Documents))
//		if err != nil || !more {
//			return err
//		}
//		query.PageState = page.NextPageState
//	}
//
// A page may bring nothing although more follow. The zero value is ready; a Paging is
// for one loop and one goroutine.
type Paging struct {
	// Command is the Data API's name of what is repeated, for errors; "" is find.
	Command string
	// Patience bounds the time without a page that brings anything; 0 means five minutes.
	Patience time.Duration

	// saved is compared with each state, and replaced after 1, 2, 4, ... of them: so it
	// comes to lie within any cycle, however long (Brent).
	saved        string
	steps, power int
	idle         int // pages in a row that brought nothing
	idleSince    time.Time
}

// Next is called after each page with the state of the next one and what the page
// brought. It reports whether there is a next one. After a page that brought nothing it
// waits a moment. It ends the loop with an *Error that wraps [ErrSamePage] when states
// repeat, and [ErrNoProgress] when nothing came for the whole patience; otherwise its
// error is ctx's.
func (p *Paging) Next(ctx context.Context, state string, brought int) (more bool, err error) {
	if state == "" {
		return false, nil
	}
	if p.repeats(state) {
		return false, p.error(ErrSamePage)
	}
	return true, p.Again(ctx, brought)
}

// Again is Next for a command that has more to do and gives no state.
func (p *Paging) Again(ctx context.Context, brought int) error {
	if brought > 0 {
		p.idle = 0
		return ctx.Err()
	}
	now := time.Now()
	if p.idle == 0 {
		p.idleSince = now
	}
	if now.Sub(p.idleSince) >= orDefault(p.Patience, retry.DefaultBudget) {
		return p.error(ErrNoProgress)
	}
	pause := longestIdlePause
	if p.idle < 8 {
		pause = min(pause, firstIdlePause<<p.idle)
	}
	p.idle++
	return retry.Sleep(ctx, pause)
}

func (p *Paging) repeats(state string) bool {
	if p.power > 0 && state == p.saved {
		return true
	}
	if p.steps++; p.steps > p.power {
		p.saved, p.power, p.steps = state, max(1, 2*p.power), 0
	}
	return false
}

func (p *Paging) error(cause error) *Error {
	command := p.Command
	if command == "" {
		command = "find"
	}
	return &Error{Command: command, Err: cause}
}

// paging watches a loop over this call.
func (c *Client) paging(k call) *Paging {
	return &Paging{Command: k.command, Patience: c.policy.Budget}
}

// located names the collection in a paging error.
func (k call) located(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	located := *e
	located.Keyspace, located.Collection = k.keyspace, k.collection
	return &located
}
