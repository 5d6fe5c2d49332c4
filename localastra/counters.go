package localastra

import (
	"maps"
	"sync"
)

// Counter says how often a command came and what it did.
type Counter struct {
	// Requests counts every request, refused and controlled ones too.
	Requests int64
	// Documents counts the documents that were inserted, changed, deleted or returned.
	Documents int64
}

// counters are kept for tests and for people who look at what a load did. They start at
// zero with each Open.
type counters struct {
	mu        sync.Mutex
	byCommand map[string]Counter
}

// Counters returns a copy of the counters by command. It may be called while requests
// run; the copy is from one moment.
func (s *Server) Counters() map[string]Counter {
	s.counters.mu.Lock()
	defer s.counters.mu.Unlock()
	return maps.Clone(s.counters.byCommand)
}

// Requests is how many requests of a command came.
func (s *Server) Requests(command string) int64 { return s.Counters()[command].Requests }

// Documents is how many documents a command inserted, changed, deleted or returned.
func (s *Server) Documents(command string) int64 { return s.Counters()[command].Documents }

// ResetCounters sets all counters to zero. Requests that are under way add their
// documents afterwards.
func (s *Server) ResetCounters() {
	s.counters.mu.Lock()
	defer s.counters.mu.Unlock()
	s.counters.byCommand = nil
}

// request counts a command when it has arrived, whatever becomes of it.
func (c *counters) request(command string) { c.add(command, Counter{Requests: 1}) }

// count adds documents to the counter of the request's command. A write that is
// repeated inside a shared transaction counts once: it is called after the commit.
func (r *request) count(documents int) {
	r.server.counters.add(r.command, Counter{Documents: int64(documents)})
}

// add sums up under the lock; commands come from many connections.
func (c *counters) add(command string, by Counter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byCommand == nil {
		c.byCommand = map[string]Counter{}
	}
	total := c.byCommand[command]
	total.Requests += by.Requests
	total.Documents += by.Documents
	c.byCommand[command] = total
}
