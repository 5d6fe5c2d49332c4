package localastra

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

const (
	// maxBody is quarkus.http.limits.max-body-size of Data API v1.0.51.
	maxBody = 20 << 20
	// maxBodies is what the bodies of all requests may have at a time: six of the largest,
	// and hundreds of ordinary ones. A command takes some times its body.
	maxBodies = 128 << 20
	// roomTimeout is how long a request waits for its share of maxBodies.
	roomTimeout = 10 * time.Second
)

// receiveBody reads the body of a request whole. It takes room for all of it before it reads
// the first byte, so that no client holds a part while it waits for the rest, and waits for
// that as long as roomTimeout. release gives the room back. ok is false when the request is
// answered already, or its client gone.
func (s *Server) receiveBody(w http.ResponseWriter, q *http.Request) (body []byte, release func(), ok bool) {
	room := int64(maxBody)
	if q.ContentLength >= 0 {
		room = min(room, q.ContentLength)
	}
	ctx, cancel := context.WithTimeout(q.Context(), roomTimeout)
	defer cancel()
	if s.bodies.Acquire(ctx, room) != nil {
		w.Header().Set("Connection", "close") // the body is not read
		w.Header().Set("Retry-After", retryAfter)
		http.Error(w, fmt.Sprintf("the requests on their way have %d MiB together, and more are not taken at a time",
			maxBodies>>20), http.StatusTooManyRequests)
		return nil, nil, false
	}
	var text bytes.Buffer
	text.Grow(int(max(0, min(room, q.ContentLength))) + bytes.MinRead) // one that grew could take twice as much
	_, err := text.ReadFrom(http.MaxBytesReader(w, q.Body, maxBody))
	if err != nil {
		s.bodies.Release(room)
		w.Header().Set("Connection", "close")
		w.WriteHeader(brokenStatus(err))
		return nil, nil, false
	}
	used := min(room, int64(text.Len()))
	s.bodies.Release(room - used)
	return text.Bytes(), func() { s.bodies.Release(used) }, true
}

// brokenStatus is the answer to a body that could not be read. Mostly nobody is there to
// read it.
func brokenStatus(err error) int {
	tooLarge := new(http.MaxBytesError)
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	default:
		return http.StatusBadRequest
	}
}
