package connector_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// hungDatabase is what the Data API answers, after 20 s, when its database hangs.
const hungDatabase = `{"errors":[{"family":"SERVER","scope":"","errorCode":"UNEXPECTED_DRIVER_ERROR",` +
	`"title":"t","message":"DriverTimeoutException: query timed out after PT20S"}]}`

// outage is a fault that lasts from the first call that it meets.
type outage struct {
	lasts  time.Duration
	delay  time.Duration // of each answer
	status int
	body   string
}

// control is for the server of a world.
func (o outage) control(w *world) localastra.ControlFunc {
	begun := sync.OnceValue(time.Now)
	return func(*http.Request, []byte) (bool, int, []byte) {
		if time.Since(begun()) >= o.lasts {
			return false, 0, nil
		}
		w.wait(o.delay)
		if o.body == "" {
			return true, o.status, nil
		}
		return true, o.status, []byte(o.body)
	}
}

// repeatLines are the log lines about Data API calls that wait.
func (r result) repeatLines() []string { return r.lines("INFO Data API calls are repeated") }

// TestOutagesAreSurvived in the midst of a sync: what docs/sync-semantics.md promises.
func TestOutagesAreSurvived(t *testing.T) {
	tests := map[string]outage{
		"overload for 40 s":        {lasts: 40 * time.Second, status: 503},
		"overload for 4 min":       {lasts: 4 * time.Minute, status: 503},
		"rate limit for 2 min":     {lasts: 2 * time.Minute, status: 429},
		"no connection for 10 s":   {lasts: 10 * time.Second, status: 0},
		"no connection for 2 min":  {lasts: 2 * time.Minute, status: 0},
		"a hung database for 60 s": {lasts: time.Minute, delay: 20 * time.Second, status: 200, body: hungDatabase},
		"a proxy's 404 for 20 s":   {lasts: 20 * time.Second, status: 404, body: "<html>nothing here"},
		"an empty 404, once":       {lasts: time.Nanosecond, status: 404},
		"a page for 20 s":          {lasts: 20 * time.Second, status: 200, body: "<html>back soon"},
	}
	for name, test := range tests {
		for _, command := range []string{"find", "insertMany", "deleteMany"} {
			t.Run(name+"/"+command, func(t *testing.T) {
				onBothBackends(t, func(w *world) {
					s := []configured{stream("s", toDedup, key("id"), syncID(1))}
					w.sync(attempt{streams: s, lines: []string{row("s", 0, "old")}})
					w.server.KeepControl(command, test.control(w))
					var lines []string
					for i := range 500 {
						lines = append(lines, row("s", i, fmt.Sprint("text ", i)))
					}
					r := w.sync(attempt{streams: s, lines: append(lines, streamState("s", 1))})
					require.Equal(w.t, []int{1}, r.numbers())
					require.Len(w.t, w.documents(), 500)
					require.LessOrEqual(w.t, len(r.repeatLines()), 2+int(test.lasts/(10*time.Second))+4)
					for _, line := range r.repeatLines() {
						require.Less(w.t, len(line), 500)
					}
				})
			})
		}
	}
}

// TestTroubleSlowsTheReader: so many batches are in flight as the Data API's client sends calls at a time. After
// an outage these are few, and what more would be read and embedded could only wait in memory.
func TestTroubleSlowsTheReader(t *testing.T) {
	onBothBackends(t, func(w *world) {
		const first, batches = 8, 30
		fault := outage{lasts: 2 * time.Minute, status: 429}.control(w)
		var read atomic.Int64
		var mu sync.Mutex
		var ahead []int // records that were read and not stored, at each call that was answered
		w.server.KeepControl("insertMany", func(r *http.Request, body []byte) (bool, int, []byte) {
			w.wait(time.Second)
			if done, status, reply := fault(r, body); done {
				return done, status, reply
			}
			mu.Lock()
			defer mu.Unlock()
			ahead = append(ahead, int(read.Load()-w.server.Counters()["insertMany"].Documents))
			return false, 0, nil
		})
		in := &source{world: w}
		for _, line := range numberedTexts(100*batches, "a") {
			in.steps = append(in.steps, func() { read.Add(1) })
			in.say(line)
		}
		w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"))}, input: in, batches: first})
		require.Len(w.t, ahead, batches)
		require.Less(w.t, slices.Max(ahead[first-1:2*first]), ahead[0]-300, "%d", ahead)
	})
}

// TestAnOutageThatStays ends the write after the patience, with the cause.
func TestAnOutageThatStays(t *testing.T) {
	tests := map[string]struct {
		fault outage
		want  string
	}{
		"overload":      {outage{lasts: time.Hour, status: 503}, "transient_error"},
		"hung database": {outage{lasts: time.Hour, delay: 20 * time.Second, status: 200, body: hungDatabase}, "transient_error"},
		"empty 404":     {outage{lasts: time.Hour, status: 404}, "config_error"},
		"page":          {outage{lasts: time.Hour, status: 200, body: "<html>"}, "config_error"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				s := []configured{stream("s", toAppend, syncID(1))}
				w.sync(attempt{streams: s, lines: []string{row("s", 0, "old")}})
				w.server.KeepControl("insertMany", test.fault.control(w))
				began := time.Now()
				r, trace := w.fails(attempt{streams: s, lines: []string{row("s", 1, "new"), streamState("s", 1)}})
				require.EqualValues(w.t, test.want, trace.FailureType)
				require.Empty(w.t, r.states)
				require.GreaterOrEqual(w.t, time.Since(began), 4*time.Minute)
				require.LessOrEqual(w.t, time.Since(began), 7*time.Minute)
				require.NotEmpty(w.t, r.repeatLines())
			})
		})
	}
}

// rateLimit is a control that takes so many calls a second, as a token bucket does.
func rateLimit(w *world, perSecond float64) localastra.ControlFunc {
	var mu sync.Mutex
	tokens, last := max(1, perSecond), time.Now()
	return func(*http.Request, []byte) (bool, int, []byte) {
		w.wait(20 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		tokens = min(max(1, perSecond), tokens+now.Sub(last).Seconds()*perSecond)
		last = now
		if tokens < 1 {
			return true, http.StatusTooManyRequests, nil
		}
		tokens--
		return false, 0, nil
	}
}

// TestARateLimitedServer takes few calls a second, and the sync ends all the same.
func TestARateLimitedServer(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{0.5, 1, 2, 5, 20} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, localastra.BackendAstra)
				s := []configured{stream("s", toDedup, key("id"), syncID(1))}
				w.sync(attempt{streams: s, lines: []string{row("s", -1, "a")}})
				w.server.KeepControl("", rateLimit(w, perSecond))
				var lines []string
				for i := range 3000 {
					lines = append(lines, row("s", i, fmt.Sprint("text ", i)))
					if i%1000 == 999 {
						lines = append(lines, streamState("s", i))
					}
				}
				began := time.Now()
				r := w.sync(attempt{streams: s, lines: lines, batches: 16})
				require.Len(w.t, r.states, 3)
				require.Less(w.t, time.Since(began).Seconds(), 400/perSecond+60)
				require.LessOrEqual(w.t, len(r.repeatLines()), 2+int(time.Since(began)/(10*time.Second)))
			})
		})
	}
}

// TestADeleteThatNeverEnds has more to do for ever, and deletes nothing.
func TestADeleteThatNeverEnds(t *testing.T) {
	onBothBackends(t, func(w *world) {
		s := []configured{stream("s", toDedup, key("id"), syncID(1))}
		w.sync(attempt{streams: s, lines: []string{row("s", 1, "a")}})
		calls := 0
		w.server.KeepControl("deleteMany", func(*http.Request, []byte) (bool, int, []byte) {
			calls++
			return true, 200, []byte(`{"status":{"deletedCount":0,"moreData":true}}`)
		})
		began := time.Now()
		r, trace := w.fails(attempt{streams: s, lines: []string{row("s", 1, "b"), streamState("s", 1)}})
		require.EqualValues(w.t, "transient_error", trace.FailureType)
		require.Contains(w.t, trace.Message, "gives nothing")
		require.Empty(w.t, r.states)
		require.Less(w.t, calls, 1300)
		require.LessOrEqual(w.t, time.Since(began), 6*time.Minute)
	})
}

// TestErrorsWithoutDocumentIDs, beside an empty list of inserted ids, reject no record.
func TestErrorsWithoutDocumentIDs(t *testing.T) {
	for _, code := range []string{"UNKNOWN_COLLECTION_OR_TABLE", "SOMETHING_NEW"} {
		t.Run(code, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip"}
				s := []configured{stream("s", toAppend, syncID(1))}
				w.sync(attempt{streams: s, lines: []string{row("s", 0, "a")}})
				w.server.KeepControl("insertMany", func(*http.Request, []byte) (bool, int, []byte) {
					return true, 200, []byte(`{"status":{"insertedIds":[]},"errors":[{"family":"REQUEST","scope":"DOCUMENT",` +
						`"errorCode":"` + code + `","title":"t","message":"m"}]}`)
				})
				r, _ := w.fails(attempt{streams: s, lines: []string{row("s", 1, "b"), streamState("s", 1)}})
				require.Empty(w.t, r.states)
				require.Zero(w.t, r.Rejected)
			})
		})
	}
}
