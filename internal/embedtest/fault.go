package embedtest

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
)

// Fault is what goes wrong with one request. The request is read and recorded first.
// Its fields may be combined; the zero Fault changes nothing.
type Fault struct {
	// Status replaces the status of the reply, when not 0.
	Status int
	// Header is added to the reply.
	Header http.Header
	// Body replaces the reply's body, when not "".
	Body string
	// Bend, when not nil, gets the body and returns the one that is sent.
	Bend func(body []byte) []byte
	// Reset closes the connection without a reply.
	Reset bool
	// Hang answers nothing until the client gives up.
	Hang bool
}

// Status is a Fault with a status and an error object in OpenAI's form.
func Status(status int, code, message string) Fault {
	return Fault{Status: status, Body: string(refusal(status, code, message).body)}
}

func (f Fault) bend(a reply) reply {
	if f.Status != 0 {
		a.status = f.Status
	}
	if f.Body != "" {
		a.body = []byte(f.Body)
	}
	if f.Bend != nil {
		a.body = f.Bend(a.body)
	}
	if f.Reset || f.Hang {
		a.status = 0
	}
	if f.Header != nil {
		a.header = f.Header
	}
	return a
}

// reset ends the connection as a crash of the service would.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2 and recorders have no connection to take
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Transport returns a RoundTripper that asks the Server in the same goroutine,
// without a socket: for tests under testing/synctest.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		return nil, errors.New("embedtest: a request without body")
	}
	defer func() { _ = r.Body.Close() }()
	answer, fault := t.server.handle(r)
	switch {
	case fault.Reset:
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	case fault.Hang:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	recorder := httptest.NewRecorder()
	answer.write(recorder)
	return recorder.Result(), nil
}
