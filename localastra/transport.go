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

type transport struct{ server *Server }

// RoundTrip implements http.RoundTripper.
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

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if !r.written {
		r.status, r.written = status, true
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.written = true
	return r.body.Write(p)
}

// drop makes the request fail as a closed connection would.
func (r *recorder) drop() { r.dropped = true }

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
