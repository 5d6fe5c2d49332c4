package localastra

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Kinds of Fault besides HTTP status codes.
const (
	// FaultTimeout carries the command out and never answers: what clients see when a
	// connection dies at the wrong moment.
	FaultTimeout = "timeout"
	// FaultDrop closes the connection before the command is carried out.
	FaultDrop = "drop"
	// FaultHang answers as the Data API does while its database hangs: after 20 s with
	// UNEXPECTED_DRIVER_ERROR, although writes of documents are applied (observed with
	// Data API v1.0.51).
	FaultHang = "hang"
)

const (
	// hangTime is the driver's request timeout of the Data API.
	hangTime = 20 * time.Second
	// holdTime is how long a request without an answer is held open at most.
	holdTime = time.Minute
	// retryAfter is what an injected 429 or 503 asks for, in seconds.
	retryAfter = "1"
)

// Fault makes a share of the requests fail, for people who test their own clients.
type Fault struct {
	// Command is the command that it concerns; empty means all of them.
	Command string
	// Kind is an HTTP status from 400 to 599, or one of the Fault constants. A status is
	// answered as by a gateway before the Data API: the command is not carried out.
	Kind string
	// Share of the requests, from 0 to 1.
	Share float64
}

// ParseFault reads [COMMAND:]KIND=SHARE, such as "429=0.1" or "insertMany:timeout=0.01".
func ParseFault(text string) (Fault, error) {
	kind, share, ok := strings.Cut(text, "=")
	if !ok {
		return Fault{}, &OptionError{"fault", text, "[COMMAND:]KIND=SHARE"}
	}
	var f Fault
	if command, rest, named := strings.Cut(kind, ":"); named {
		f.Command, kind = command, rest
	}
	f.Kind = kind
	var err error
	if f.Share, err = strconv.ParseFloat(share, 64); err != nil || !(f.Share >= 0 && f.Share <= 1) { // NaN, too
		return Fault{}, &OptionError{"fault", text, "a share from 0 to 1"}
	}
	return f, f.check()
}

// check refuses what would never strike. Options are checked once, at Open, so that a
// misspelt kind does not look like a client that copes with everything.
func (f Fault) check() error {
	if _, known := commandTable()[f.Command]; f.Command != "" && !known {
		return &OptionError{"fault", f.Command, "a command of the Data API"}
	}
	switch f.Kind {
	case FaultTimeout, FaultDrop, FaultHang:
		return nil
	}
	if f.status() == 0 {
		return &OptionError{"fault", f.Kind, "a status from 400 to 599, timeout, drop or hang"}
	}
	return nil
}

// status is the HTTP status of the fault; 0 when it has none.
func (f Fault) status() int {
	n, err := strconv.Atoi(f.Kind)
	if err != nil || n < 400 || n > 599 {
		return 0
	}
	return n
}

// strike draws whether one of the faults hits a command. Each request is drawn anew, so
// runs of failures happen, as they do in life.
func (s *Server) strike(command string) (Fault, bool) {
	for _, f := range s.options.Faults {
		if (f.Command == "" || f.Command == command) && rand.Float64() < f.Share {
			return f, true
		}
	}
	return Fault{}, false
}

// fail answers a request with a fault. run carries the command out. Nothing of the
// fault shows in counters: they tell what was asked, not what was answered.
func (s *Server) fail(w http.ResponseWriter, r *request, f Fault, run func()) {
	switch f.Kind {
	case FaultDrop:
		drop(w)
	case FaultTimeout:
		run()
		wait(r.ctx, holdTime)
		drop(w)
	case FaultHang:
		wait(r.ctx, hangTime)
		if r.scope() == collectionScope {
			run()
		}
		result, failed := r.timedOut()
		s.respond(w, result, failed)
	default:
		if code := f.status(); code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", retryAfter)
		}
		http.Error(w, "injected fault", f.status())
	}
}

// wait returns after d, or when ctx ends. It holds no lock, and ends early for a client
// that is gone.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// timedOut is the answer of a Data API whose database did not answer in time. Inserts
// name each document, as observed with Data API v1.0.51 while its database was stopped.
func (r *request) timedOut() (*reply, *apiError) {
	if r.scope() != collectionScope {
		return nil, serverError(constError("query timed out after PT10S"))
	}
	problem := driverError("DriverTimeoutException: query timed out after PT20S")
	documents := r.documents()
	if documents == nil {
		return nil, problem
	}
	result := &reply{status: []field{{"insertedIds", arrayValue([]value{})}}}
	for _, d := range documents {
		err := problem
		if id, has := d.get("_id"); has {
			err = problem.of(id)
		}
		result.errors = append(result.errors, err)
	}
	return result, nil
}

// documents lists what an insert brings; nil for other commands.
func (r *request) documents() []value {
	switch r.command {
	case "insertOne":
		document, _ := r.args.get("document")
		return []value{document}
	case "insertMany":
		many, _ := r.args.get("documents")
		return many.items
	default:
		return nil
	}
}
