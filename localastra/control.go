package localastra

import (
	"net/http"
	"slices"
	"sync"
)

// ControlFunc may take over a request. body is the request's whole body. With handled
// false the server answers as usual, so a function can also count, or block until the
// test lets it go. With handled true the server sends status and reply and does
// nothing else; a status of 0 drops the connection without an answer.
type ControlFunc = func(r *http.Request, body []byte) (handled bool, status int, reply []byte)

// controls holds the functions that tests put before commands.
type controls struct {
	mu   sync.Mutex
	list []*control
}

// control is one function of a test, and for which command it waits; an empty command
// means any.
type control struct {
	command string
	fn      ControlFunc
	keep    bool
}

// Control puts fn before the next request of a command ("" means any command). It is
// asked for every such request until it has handled one, and is then forgotten.
// Functions run in the order in which they were set.
func (s *Server) Control(command string, fn ControlFunc) {
	s.controls.add(&control{command: command, fn: fn})
}

// KeepControl is Control for every request until stop is called. A test that wants
// every third request to fail counts in fn. stop may be called more than once, and from
// any goroutine.
func (s *Server) KeepControl(command string, fn ControlFunc) (stop func()) {
	c := &control{command: command, fn: fn, keep: true}
	s.controls.add(c)
	return func() { s.controls.forget(c) }
}

// add puts a control behind those that are there.
func (c *controls) add(one *control) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, one)
}

// forget removes a control that was kept. One that is just answering a request finishes
// that.
func (c *controls) forget(one *control) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := slices.Index(c.list, one); at >= 0 {
		c.list = slices.Delete(c.list, at, at+1)
	}
}

// take returns the controls of a command. A one-shot one is out of reach of other
// requests until it comes back.
func (c *controls) take(command string) []*control {
	c.mu.Lock()
	defer c.mu.Unlock()
	var mine []*control
	c.list = slices.DeleteFunc(c.list, func(one *control) bool {
		if one.command != "" && one.command != command {
			return false
		}
		mine = append(mine, one)
		return !one.keep
	})
	return mine
}

// giveBack keeps one-shot controls that handled nothing. They go to the front, before
// controls that were added meanwhile, so that the order in which a test set them is
// kept.
func (c *controls) giveBack(unused []*control) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(unused, c.list...)
}

// answer lets the controls of a command have the request; true means that it is done.
// Functions of one command run one at a time in the order of their setting, but two
// requests may be in two functions at once.
func (c *controls) answer(w http.ResponseWriter, q *http.Request, command string, body []byte) bool {
	mine := c.take(command)
	var unused []*control
	for i, one := range mine {
		handled, status, reply := one.fn(q, body)
		if !handled {
			if !one.keep {
				unused = append(unused, one)
			}
			continue
		}
		for _, later := range mine[i+1:] {
			if !later.keep {
				unused = append(unused, later)
			}
		}
		c.giveBack(unused)
		send(w, status, reply)
		return true
	}
	c.giveBack(unused)
	return false
}

// send answers for a control. A status of 0 stands for a connection that breaks.
func send(w http.ResponseWriter, status int, reply []byte) {
	if status == 0 {
		drop(w)
		return
	}
	w.Header().Set("Content-Type", jsonContentType)
	w.WriteHeader(status)
	_, _ = w.Write(reply) // a client that is gone needs no answer
}

// drop closes the connection without an answer. Over a socket that is a close, in
// process an error of the RoundTripper. Clients must treat both as an unknown outcome.
func drop(w http.ResponseWriter) {
	if d, ok := w.(interface{ drop() }); ok {
		d.drop()
		return
	}
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}
