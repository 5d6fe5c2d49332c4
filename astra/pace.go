package astra

import (
	"context"
	"errors"
	"math/bits"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"destination-astra/internal/retry"
)

// pace decides when a call may be sent, for all calls of a client together: in the
// order in which they ask, so many at a time as the server bears ([climb]), and none
// while a 429 or a Retry-After asks to be left alone. Trouble of any kind halves the
// number. It is safe for concurrent use.
type pace struct {
	// pauseBase doubles with each 429 in a row that names no time, up to pauseMax.
	pauseBase, pauseMax, patience time.Duration

	mu          sync.Mutex
	climb       climb
	flying      int
	queue       []chan struct{} // oldest first; only the first is ever woken
	easedAt     time.Time
	pausedUntil time.Time
	pauses      int
	lastTaken   time.Time
	taken       map[string]int64 // calls that went well, by operation
}

func newPace(first int, p retry.Policy) *pace {
	if first <= 0 {
		first = DefaultConcurrency
	}
	return &pace{
		pauseBase: 4 * orDefault(p.Base, retry.DefaultBase),
		pauseMax:  orDefault(p.Max, retry.DefaultMax),
		patience:  orDefault(p.Budget, retry.DefaultBudget),
		climb:     newClimb(first),
		taken:     map[string]int64{},
	}
}

// ticket is the right to send one call.
type ticket struct {
	began time.Time
	full  bool // all slots are taken
	lent  bool // its slot is that of the call which waits for this one
}

type lentKey struct{}

// lend returns a context whose calls need no slot of their own.
func (p *pace) lend(ctx context.Context) context.Context { return context.WithValue(ctx, lentKey{}, p) }

// begin waits for the call's turn. The ticket must be given back with end. The error
// is ctx's.
func (p *pace) begin(ctx context.Context) (ticket, error) {
	place := make(chan struct{}, 1)
	lent := ctx.Value(lentKey{}) == p
	p.mu.Lock()
	defer p.mu.Unlock()
	if !lent {
		p.queue = append(p.queue, place)
		defer p.leave(place)
	}
	for {
		if err := ctx.Err(); err != nil {
			return ticket{}, err
		}
		now := time.Now()
		free := lent || p.queue[0] == place && p.flying < p.climb.limit
		switch pause := p.pausedUntil.Sub(now); {
		case !free:
			p.sleep(ctx, place, p.patience)
		case pause > 0:
			p.sleep(ctx, place, pause)
		case lent:
			return ticket{began: now, lent: true}, nil
		default:
			p.flying++
			return ticket{began: now, full: p.flying >= p.climb.limit}, nil
		}
	}
}

// sleep lets go of the lock until it is worth looking again.
func (p *pace) sleep(ctx context.Context, place <-chan struct{}, d time.Duration) {
	p.mu.Unlock()
	defer p.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-place:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (p *pace) leave(place chan struct{}) {
	p.queue = slices.DeleteFunc(p.queue, func(c chan struct{}) bool { return c == place })
	p.wake()
}

func (p *pace) wake() {
	if len(p.queue) > 0 {
		select {
		case p.queue[0] <- struct{}{}:
		default:
		}
	}
}

// attempt is how one attempt of a call ended.
type attempt struct {
	err error
	// taken: the server did the call, or a part of it.
	taken bool
	held  bool // nothing was sent: a Trace kept it
	bytes int  // of the request
}

// end gives the ticket back and learns from how the attempt ended. What was sent
// before the last change for the worse says nothing about that change.
func (p *pace) end(k call, t ticket, a attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.wake()
	if !t.lent {
		p.flying--
	}
	now := time.Now()
	fresh := t.began.After(p.easedAt)
	if a.taken {
		p.taken[k.operation()]++
		p.lastTaken = now
	}
	var e *Error
	switch {
	case a.held:
	case a.err == nil:
		if fresh {
			p.pauses = 0
		}
		p.climb.add(k.kind(a.bytes), t)
	case errors.As(a.err, &e) && e.Retryable():
		if e.HTTPStatus == http.StatusTooManyRequests || e.retryAfter > 0 {
			p.pause(now, e.retryAfter, fresh)
		}
		if fresh {
			p.climb.ease()
			p.easedAt = now
		}
	}
}

// kind puts calls of one command and of about the same size together.
func (k call) kind(bytes int) string { return k.command + string(rune('0'+bits.Len(uint(bytes))/2)) }

// pause keeps every call back for as long as the server asks, or, when it names no
// time, for longer at each 429 in a row. A time beyond the patience is not waited for:
// the calls that are told so end.
func (p *pace) pause(now time.Time, asked time.Duration, fresh bool) {
	d := asked
	switch {
	case asked > p.patience:
		return
	case asked == 0 && !fresh:
		return
	case asked == 0:
		d = p.pauseBase
		for i := 0; i < p.pauses && d < p.pauseMax; i++ {
			d *= 2
		}
		d = min(d, p.pauseMax)
		p.pauses++
	}
	// Clients that were told the same time must not come back together.
	d += rand.N(min(d, p.pauseBase)/4 + 1)
	if until := now.Add(d); until.After(p.pausedUntil) {
		p.pausedUntil = until
	}
}

// concurrency is how many calls may be sent at a time now.
func (p *pace) concurrency() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.climb.limit
}

// took is how many calls of this operation went well, and when the last of any did;
// the zero time means none ever did.
func (p *pace) took(k call) (same int64, last time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken[k.operation()], p.lastTaken
}
