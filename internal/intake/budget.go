package intake

import (
	"context"
	"sync"
	"sync/atomic"
)

// budget bounds the bytes in flight. One goroutine takes, the one that reads the
// input: what it waits for is then held by what came before, which needs no more to
// be done. When it waits, starved says so, so that the batcher sends the batch that it
// would otherwise wait to fill.
type budget struct {
	size    int64
	starved atomic.Bool
	wake    chan struct{} // gets a value when the taker begins to wait

	mu    sync.Mutex
	used  int64
	freed chan struct{} // gets a value when there may be room
}

func newBudget(bytes int64) *budget {
	return &budget{size: bytes, wake: make(chan struct{}, 1), freed: make(chan struct{}, 1)}
}

// take waits until n more bytes fit beside what is held, or until nothing is held but
// the taker's own held bytes: what is larger than the budget goes alone.
func (b *budget) take(ctx context.Context, n, held int64) error {
	for first := true; !b.tryTake(n, held); first = false {
		if first {
			b.starved.Store(true)
			defer b.starved.Store(false)
			signal(b.wake)
		}
		select {
		case <-b.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (b *budget) tryTake(n, held int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > 0 && b.used > held && b.used+n > b.size {
		return false
	}
	b.add(n)
	return true
}

// correct adds to what is held, without waiting: n bytes more turned out to be needed,
// or fewer when n is negative.
func (b *budget) correct(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(n)
}

// add changes what is held, under the lock.
func (b *budget) add(n int64) {
	b.used += n
	if n < 0 {
		signal(b.freed)
	}
}

func (b *budget) free(n int64) { b.correct(-n) }

// signal leaves a value in a channel of one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
