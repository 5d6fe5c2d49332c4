package connector

import (
	"context"
	"sync"

	"destination-astra/astra"
	"destination-astra/internal/wait"
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
	aside   int           // of those in flight, what is no batch
	waiting int           // batches
	changed chan struct{} // closed and replaced when a slot may be free
}

func newPace(limit func() int) *pace {
	return &pace{limit: limit, changed: make(chan struct{})}
}

// acquire waits for a slot for a batch.
func (p *pace) acquire(ctx context.Context) error {
	p.add(&p.waiting, 1)
	defer p.add(&p.waiting, -1)
	return p.wait(ctx, func(limit int) bool { return p.flying < limit })
}

// acquireAside waits for a slot for what goes on beside the batches: one at a time like a
// batch, and more of them only while a slot is left for the next batch.
func (p *pace) acquireAside(ctx context.Context) error {
	return p.wait(ctx, func(limit int) bool {
		spare := p.waiting == 0 && p.flying < limit-1
		if p.flying >= limit || p.aside > 0 && !spare {
			return false
		}
		p.aside++
		return true
	})
}

// wait takes a slot once take, which is asked under the lock, says that it does.
func (p *pace) wait(ctx context.Context, take func(limit int) bool) error {
	for {
		p.mu.Lock()
		if take(max(1, p.limit())) {
			p.flying++
			p.mu.Unlock()
			return nil
		}
		changed := p.changed
		p.mu.Unlock()
		if err := wait.Until(ctx, changed); err != nil {
			return err
		}
	}
}

func (p *pace) add(to *int, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*to += n
}

// release gives a batch's slot back.
func (p *pace) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying--
	close(p.changed)
	p.changed = make(chan struct{})
}

// releaseAside gives back a slot of [pace.acquireAside].
func (p *pace) releaseAside() {
	p.add(&p.aside, -1)
	p.release()
}
