package localastra

import (
	"bytes"
	"io"
	"net/http"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// Transport returns a RoundTripper that hands requests to the server without a socket.
// Host and scheme of the URL are ignored. A request whose context ends returns the
// context's error; the server may still finish the command, as a real one would.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

// inProcessToken stands in where nobody has to show who he is: a program that has the
// server in its own process may leave the token out.
const inProcessToken = "in-process"

// transport is a RoundTripper around a server. It has no state, so it can be used by
// many clients at a time.
type transport struct{ server *Server }

// RoundTrip implements http.RoundTripper. The request is served in a goroutine of its
// own, which may outlive the call when the context ends first: a server does not notice
// at once either.
func (t transport) RoundTrip(q *http.Request) (*http.Response, error) {
	if err := q.Context().Err(); err != nil {
		closeBody(q)
		return nil, err
	}
	done := make(chan *recorder, 1)
	var group errgroup.Group
	group.Go(func() error {
		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		inner := q.Clone(q.Context())
		if inner.Body == nil {
			inner.Body = http.NoBody
		}
		if _, given := tokenOf(inner.Header); !given && t.server.options.Token == "" {
			inner.Header.Set("Token", inProcessToken)
		}
		t.server.ServeHTTP(rec, inner)
		closeBody(q)
		done <- rec
		return nil
	})
	select {
	case rec := <-done:
		return rec.response(q)
	case <-q.Context().Done():
		return nil, q.Context().Err()
	}
}

// closeBody fulfils what RoundTrippers promise: the body is closed in any case.
func closeBody(q *http.Request) {
	if q.Body != nil {
		_ = q.Body.Close() // a request body has nothing to say
	}
}

// recorder is the http.ResponseWriter of a request without a socket.
type recorder struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	written bool
	dropped bool
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter; the first call counts.
func (r *recorder) WriteHeader(status int) {
	if !r.written {
		r.status, r.written = status, true
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.written = true
	return r.body.Write(p)
}

// drop makes the request fail as a closed connection would.
func (r *recorder) drop() { r.dropped = true }

// response is what a client would read from a connection: a whole answer, or the error
// of one that broke off.
func (r *recorder) response(q *http.Request) (*http.Response, error) {
	if r.dropped {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{
		Status:        strconv.Itoa(r.status) + " " + http.StatusText(r.status),
		StatusCode:    r.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.header,
		Body:          io.NopCloser(bytes.NewReader(r.body.Bytes())),
		ContentLength: int64(r.body.Len()),
		Request:       q,
	}, nil
}
