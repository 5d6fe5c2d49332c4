package connector

import (
	"context"
	"sync"
	"time"
)

// Bounds of [pace].
const (
	maxInFlight = 16
	// easeInterval: one overload is answered by many errors at once, and is
	// one reason to slow down.
	easeInterval = time.Second
)

// pace decides how many batches are in flight: one more after each round
// without trouble, half as many when the server is overloaded (additive
// increase, multiplicative decrease). It is safe for concurrent use.
type pace struct {
	mu      sync.Mutex
	limit   float64
	flying  int
	eased   time.Time
	changed chan struct{} // closed and replaced when a slot may be free
}

func newPace(start int) *pace {
	return &pace{limit: float64(min(start, maxInFlight)), changed: make(chan struct{})}
}

// acquire waits for a slot.
func (p *pace) acquire(ctx context.Context) error {
	for {
		p.mu.Lock()
		if p.flying < int(p.limit) {
			p.flying++
			p.mu.Unlock()
			return nil
		}
		changed := p.changed
		p.mu.Unlock()
		if err := await(ctx, changed); err != nil {
			return err
		}
	}
}

// release gives a slot back; a batch that went well lets the limit grow.
func (p *pace) release(well bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying--
	if well {
		p.limit = min(p.limit+1/p.limit, maxInFlight)
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// ease halves the limit, at most once per easeInterval.
func (p *pace) ease() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.eased) >= easeInterval {
		p.eased = now
		p.limit = max(p.limit/2, 1)
	}
}
