package localastra

import "sync"

// maxOvertaken is how many writes of others to the same _id a write survives. Of 16
// clients that changed one document at the same time, Data API v1.0.51 was observed to
// fail 1 to 3 after its 3 retries.
const maxOvertaken = 12

// contention knows the documents that several requests are changing right now.
type contention struct {
	mu   sync.Mutex
	rows map[string]*row
}

// row is one such document.
type row struct {
	// writers is the number of requests under way. At 0 the row is forgotten, so that
	// the map never holds more rows than there are requests.
	writers int
	// changes counts since the first of them came.
	changes int
}

// claim is one request's interest in a document. A nil claim never loses.
type claim struct {
	of *contention
	// key names keyspace, collection and _id.
	key string
	// start is what changes was when the request came: the difference is how many
	// others were faster.
	start int
}

// enter notes that a request is about to change the document that its filter names by
// _id. Other filters claim nothing. The caller must leave.
func (c *contention) enter(r *request) *claim {
	filter, _ := r.args.get("filter")
	id, has := filter.get("_id")
	if !has || isOperators(id) {
		return nil
	}
	key := r.keyspace + "/" + r.collection + "/" + id.key()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil {
		c.rows = map[string]*row{}
	}
	if c.rows[key] == nil {
		c.rows[key] = &row{}
	}
	c.rows[key].writers++
	return &claim{c, key, c.rows[key].changes}
}

// lost tells whether too many others changed the document first. The others need not be
// gone: what counts is how often the document changed between this request's arrival
// and its turn.
func (c *claim) lost() bool {
	if c == nil {
		return false
	}
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	return c.of.rows[c.key].changes-c.start > maxOvertaken
}

// changed tells the others that this request changed the document. It is called under
// the store's lock, in the order in which the changes become visible.
func (c *claim) changed() {
	if c == nil {
		return
	}
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.of.rows[c.key].changes++
}

// leave ends the request's interest; the last one forgets the document.
func (c *claim) leave() {
	if c == nil {
		return
	}
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.of.rows[c.key].writers--; c.of.rows[c.key].writers == 0 {
		delete(c.of.rows, c.key)
	}
}

// errContention is what the loser is told: its change was not made, and may be sent
// again.
func errContention() *apiError {
	return newError("FAILED_CONCURRENT_OPERATIONS", "The Data API command was unable to complete an operation on a "+
		"document or row due to concurrent modifications from other requests.\n\nIt is safe to retry this request.")
}
