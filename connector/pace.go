package connector

import (
	"context"
	"sync"

	"destination-astra/astra"
)

// maxInFlight is the most calls at a time that the Data API's client comes to.
const maxInFlight = astra.MaxConcurrency

// pace decides how many batches are in flight: as many as the Data API's client
// sends calls at a time, which it finds out by how the server does. What is
// prepared beyond that would only wait. It is safe for concurrent use.
type pace struct {
	limit func() int

	mu      sync.Mutex
	flying  int
	changed chan struct{} // closed and replaced when a slot may be free
}

func newPace(limit func() int) *pace {
	return &pace{limit: limit, changed: make(chan struct{})}
}

// acquire waits for a slot.
func (p *pace) acquire(ctx context.Context) error {
	for {
		p.mu.Lock()
		if p.flying < max(1, p.limit()) {
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

// release gives a slot back.
func (p *pace) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying--
	close(p.changed)
	p.changed = make(chan struct{})
}
