package connector_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"pgregory.net/rapid"
)

// mishap is what goes wrong with one request to the Data API.
type mishap string

// The faults. A write that is lost may be applied before, later, in part, or
// never.
const (
	fine        mishap = "fine"
	busy        mishap = "busy"        // 429
	unavailable mishap = "unavailable" // 503
	lostBefore  mishap = "lost before" // never applied
	lostAfter   mishap = "lost after"  // applied, the answer is lost
	serverError mishap = "500"         // applied
	cutOff      mishap = "cut off"     // applied, half of the answer comes
	twice       mishap = "twice"       // applied twice, the second answer comes
	hang        mishap = "hang"        // applied, no answer until the client gives up
	lateApplied mishap = "late"        // applied just before the server gives up
	driverError mishap = "driver"      // the server says that its database gave up, and applies it late
	half        mishap = "half"        // one half of the documents is stored, the other one later
)

func faults() []mishap {
	return []mishap{
		fine, busy, unavailable, lostBefore, lostAfter, serverError, cutOff, twice, hang, lateApplied, driverError, half,
	}
}

func drawFaults() *rapid.Generator[[]mishap] {
	// Half of the requests go well.
	all := append([]mishap{fine, fine, fine, fine, fine, fine, fine, fine, fine, fine}, faults()...)
	return rapid.SliceOfN(rapid.SampledFrom(all), 15, 60)
}

// chaos is a network with faults, one for each request while there are any.
type chaos struct {
	*late
	outage int // number of the request from which on nothing is answered; 0 means none

	mu     sync.Mutex
	faults []mishap
	sent   int
}

func (c *chaos) next() (mishap, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	if c.outage > 0 && c.sent >= c.outage {
		return fine, true
	}
	if len(c.faults) == 0 {
		return fine, false
	}
	f := c.faults[0]
	c.faults = c.faults[1:]
	return f, false
}

// RoundTrip implements http.RoundTripper.
func (c *chaos) RoundTrip(q *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	q.Body.Close()
	f, outage := c.next()
	if outage {
		return answer(http.StatusUnauthorized, `{"errors":[{"errorCode":"UNAUTHENTICATED_REQUEST","family":"REQUEST",`+
			`"scope":"SECURITY","title":"t","message":"m"}]}`), nil
	}
	switch f {
	case busy:
		return answer(http.StatusTooManyRequests, ""), nil
	case unavailable:
		return answer(http.StatusServiceUnavailable, ""), nil
	case lostBefore:
		return nil, io.ErrUnexpectedEOF
	case lateApplied, driverError:
		c.later(func() { c.carryOut(q, body) })
		if f == driverError {
			return answer(http.StatusOK, `{"errors":[{"errorCode":"UNEXPECTED_DRIVER_ERROR","family":"SERVER",`+
				`"scope":"DATABASE","title":"t","message":"m"}]}`), nil
		}
		return nil, io.ErrUnexpectedEOF
	case half:
		now, then := halves(body)
		c.carryOut(q, now)
		c.later(func() { c.carryOut(q, then) })
		return nil, io.ErrUnexpectedEOF
	case twice:
		c.carryOut(q, body)
	}
	reply := c.carryOut(q, body)
	switch f {
	case lostAfter:
		return nil, io.ErrUnexpectedEOF
	case serverError:
		return answer(http.StatusInternalServerError, ""), nil
	case cutOff:
		return answer(http.StatusOK, reply[:len(reply)/2]), nil
	case hang:
		<-q.Context().Done()
		return nil, q.Context().Err()
	}
	return answer(http.StatusOK, reply), nil
}

// carryOut has the server answer, whatever became of the client.
func (c *chaos) carryOut(q *http.Request, body []byte) string {
	again := q.Clone(c.world.t.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	response, err := c.world.server.Transport().RoundTrip(again)
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// halves cuts an insertMany in two; of any other command it makes two of them.
func halves(body []byte) (first, second []byte) {
	var command map[string]map[string]json.RawMessage
	var documents []json.RawMessage
	if json.Unmarshal(body, &command) != nil || command["insertMany"] == nil ||
		json.Unmarshal(command["insertMany"]["documents"], &documents) != nil || len(documents) < 2 {
		return body, body
	}
	part := func(documents []json.RawMessage) []byte {
		command["insertMany"]["documents"], _ = json.Marshal(documents)
		text, _ := json.Marshal(command)
		return text
	}
	middle := len(documents) / 2
	return part(documents[middle:]), part(documents[:middle])
}

func answer(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
