package astra

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// waitEvery is the least time between two events.
const waitEvery = 10 * time.Second

// WaitEvent tells that calls failed and wait for another attempt.
type WaitEvent struct {
	// Calls is how many; 0 says that the wait that was told of is over.
	Calls int
	// Commands are what they call, such as "find 1, insertMany 3".
	Commands string
	// For is how long the oldest of them has been tried.
	For time.Duration
	// Err is why; mostly an *Error.
	Err error
}

// waits tells of waits: at once of the first, then at most every 10 seconds for all
// calls together, and of the end of one that took that long. It is safe for concurrent
// use.
type waits struct {
	tell func(WaitEvent)

	mu   sync.Mutex
	all  map[*waiting]bool
	last time.Time // when the last event was told
	told time.Time // since when the calls waited that it told of; zero when that is over
}

// waiting is a call that has failed and is going to be repeated.
type waiting struct {
	command string
	since   time.Time
}

// begun takes note of a call that waits, because of err.
func (w *waits) begun(c *waiting, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[c] = true
	now := time.Now()
	if w.tell == nil || !w.last.IsZero() && now.Sub(w.last) < waitEvery {
		return
	}
	w.last = now
	counts := map[string]int{}
	oldest := now
	for c := range w.all {
		counts[c.command]++
		if c.since.Before(oldest) {
			oldest = c.since
		}
	}
	if w.told.IsZero() {
		w.told = oldest
	}
	var commands []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		commands = append(commands, fmt.Sprintf("%s %d", name, counts[name]))
	}
	w.tell(WaitEvent{Calls: len(w.all), Commands: strings.Join(commands, ", "), For: now.Sub(oldest), Err: err})
}

// over takes note that a call has ended. When the last one of those that waited gives up, the
// wait is not told to be over: its error says so.
func (w *waits) over(c *waiting, well bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, c)
	if w.told.IsZero() || len(w.all) > 0 {
		return
	}
	lasted := time.Since(w.told)
	w.told = time.Time{}
	if well && lasted >= waitEvery {
		w.last = time.Now()
		w.tell(WaitEvent{For: lasted})
	}
}
