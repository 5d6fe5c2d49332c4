package astra_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/astra"
	"destination-astra/internal/retry"
)

// calm is the default policy: time is made up in these tests.
func calm(o *astra.Options) { o.Retry = retry.Policy{} }

// knowing returns a collection whose client has had a good answer, and the time since
// when.
func knowing(t *testing.T, transport http.RoundTripper) (*astra.Collection, time.Time) {
	t.Helper()
	coll := articles(t, transport, calm)
	_, err := find(t.Context(), coll)
	require.NoError(t, err)
	return coll, time.Now()
}

// until answers with a fault for a time, counted from the second request, and with an
// empty page before and after that.
func until(outage time.Duration, fault step) *server {
	var begun time.Time
	good := reply(`{"data":{"documents":[],"nextPageState":null}}`)
	first := true
	return script(func(r *http.Request, body string) (*http.Response, error) {
		if first {
			first = false
			return good(r, body)
		}
		if begun.IsZero() {
			begun = time.Now()
		}
		if time.Since(begun) < outage {
			return fault(r, body)
		}
		return good(r, body)
	})
}

func faults() map[string]step {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	return map[string]step{
		"overload":        answer(503, ""),
		"rate limit":      answer(429, ""),
		"gateway":         answer(502, "<html>Bad Gateway"),
		"reset":           lose(syscall.ECONNRESET),
		"refused":         lose(refused),
		"cut":             lose(io.ErrUnexpectedEOF),
		"no such host":    lose(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}),
		"driver":          problems(problem("SERVER", "", astra.CodeUnexpectedDriverError)),
		"server":          problems(problem("SERVER", "", astra.CodeUnexpectedServerError)),
		"internal":        problems(problem("SERVER", "", "INTERNAL_SERVER_ERROR")),
		"old internal":    problems(problem("", "", "SERVER_INTERNAL_ERROR")),
		"database":        problems(problem("SERVER", "DATABASE", "FAILED_TO_CONNECT_TO_DATABASE")),
		"404 of a proxy":  answer(404, "nginx"),
		"empty 404":       answer(404, ""),
		"redirect":        answer(302, "", "Location", "https://login.example/"),
		"page of a proxy": answer(200, "<html>We will be back"),
		"cut answer":      reply(`{"data":`),
		"no answer":       hang,
	}
}

// TestOutagesInTheMidstAreSurvived as long as they are shorter than the patience.
func TestOutagesInTheMidstAreSurvived(t *testing.T) {
	for name, fault := range faults() {
		for _, outage := range []time.Duration{10 * time.Second, time.Minute, 4 * time.Minute} {
			t.Run(fmt.Sprint(name, " for ", outage), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := until(outage, fault)
					coll, _ := knowing(t, server)
					_, err := find(t.Context(), coll)
					require.NoError(t, err)
					require.Less(t, len(server.bodies), 80)
				})
			})
		}
	}
}

// TestPatienceEnds, and then the cause is told.
func TestPatienceEnds(t *testing.T) {
	for name, fault := range faults() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				coll, began := knowing(t, until(time.Hour, fault))
				_, err := find(t.Context(), coll)
				asError(t, err)
				require.GreaterOrEqual(t, time.Since(began), 5*time.Minute-time.Second)
				require.LessOrEqual(t, time.Since(began), 5*time.Minute+astra.DefaultRequestTimeout+10*time.Second)
			})
		})
	}
}

// TestAWrongAddressFailsAtOnce: before the first answer of a Data API nothing says that
// there is one.
func TestAWrongAddressFailsAtOnce(t *testing.T) {
	for _, name := range []string{"no such host", "404 of a proxy", "empty 404", "redirect", "page of a proxy"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := find(t.Context(), articles(t, script(faults()[name]), calm))
				require.Error(t, err)
				require.Zero(t, time.Since(began))
			})
		})
	}
}

// TestADoubtfulErrorOfAServiceThatNeverWorked ends sooner: a malformed token is answered
// so too.
func TestADoubtfulErrorOfAServiceThatNeverWorked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := find(t.Context(), articles(t, script(faults()["internal"]), calm))
		require.True(t, astra.HasCode(err, "INTERNAL_SERVER_ERROR"))
		require.Less(t, time.Since(began), 90*time.Second)
	})
}

// TestARequestsOwnFault does not wait out the patience while the service does others
// of its kind.
func TestARequestsOwnFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := script(func(r *http.Request, body string) (*http.Response, error) {
			if strings.Contains(body, "zero") {
				return responses("zero!0", problem("SERVER", "", astra.CodeUnexpectedServerError, "zero"))(r, body)
			}
			return responses("good")(r, body)
		})
		coll := articles(t, server, calm)
		ended := make(chan struct{})
		var group errgroup.Group
		group.Go(func() error {
			defer close(ended)
			_, err := coll.InsertMany(t.Context(), notes("zero"))
			return err
		})
		for open := true; open; {
			_, err := coll.InsertMany(t.Context(), notes("good"))
			require.NoError(t, err)
			select {
			case <-ended:
				open = false
			case <-time.After(time.Second):
			}
		}
		began := time.Now()
		err := group.Wait()
		require.True(t, astra.HasCode(err, astra.CodeUnexpectedServerError))
		require.Less(t, time.Since(began), 2*time.Minute)
		var batch *astra.BatchError
		require.ErrorAs(t, err, &batch)
		require.Equal(t, astra.FateUnknown, batch.Documents[0].Fate)
	})
}

// TestAContextEndsEveryWait: in the queue, in a pause, and between attempts.
func TestAContextEndsEveryWait(t *testing.T) {
	for name, fault := range map[string]step{
		"pause": answer(429, "", "Retry-After", "100"), "between attempts": answer(503, ""), "attempt": hang,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				coll := articles(t, script(fault), calm)
				ctx, cancel := withCancel(t)
				time.AfterFunc(20*time.Second, cancel)
				began := time.Now()
				var group errgroup.Group
				for range 20 {
					group.Go(func() error {
						_, err := find(ctx, coll)
						if !errors.Is(err, ctx.Err()) {
							return fmt.Errorf("not the context's: %w", err)
						}
						return nil
					})
				}
				require.NoError(t, group.Wait())
				require.Equal(t, 20*time.Second, time.Since(began))
			})
		})
	}
}

// bucket is a server that takes so many calls a second and answers 429 to the rest.
type bucket struct {
	perSecond float64
	latency   time.Duration
	header    []string

	mu     sync.Mutex
	tokens float64
	last   time.Time
	calls  int
	most   int // at a time
	flying int
}

func (b *bucket) RoundTrip(r *http.Request) (*http.Response, error) {
	b.enter()
	<-time.After(b.latency)
	if !b.leave() {
		return answer(429, "", b.header...)(r, "")
	}
	return reply(`{"data":{"documents":[],"nextPageState":null}}`)(r, "")
}

func (b *bucket) enter() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flying++
	b.most = max(b.most, b.flying)
}

func (b *bucket) leave() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flying--
	b.calls++
	now := time.Now()
	b.tokens = min(max(1, b.perSecond), b.tokens+now.Sub(b.last).Seconds()*b.perSecond)
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// finds has so many callers find so often each, one after the other.
func finds(t *testing.T, coll *astra.Collection, callers, each int) error {
	t.Helper()
	var group errgroup.Group
	for range callers {
		group.Go(func() error {
			for range each {
				if _, err := find(t.Context(), coll); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// TestARateLimitIsKept: a server that takes few calls a second gets its work, at a good
// part of its rate, and not many calls that it refuses.
func TestARateLimitIsKept(t *testing.T) {
	for perSecond, header := range map[float64][]string{
		0.2: {"Retry-After", "5"}, 1: nil, 2: {"Retry-After", "1"}, 5: nil, 20: nil,
	} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bucket{perSecond: perSecond, latency: 20 * time.Millisecond, header: header, last: time.Now()}
				coll := articles(t, b, calm)
				began := time.Now()
				const callers, each = 16, 10
				require.NoError(t, finds(t, coll, callers, each))
				ideal := callers * each / perSecond
				require.Less(t, time.Since(began).Seconds(), 3*ideal+10)
				require.Less(t, b.calls, 3*callers*each)
			})
		})
	}
}

// TestARetryAfterBeyondThePatience is an error at once, and keeps nobody back.
func TestARetryAfterBeyondThePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := script(answer(429, "", "Retry-After", "86400"), reply(`{"data":{"documents":[]}}`))
		coll := articles(t, server, calm)
		began := time.Now()
		_, err := find(t.Context(), coll)
		require.Equal(t, 24*time.Hour, asError(t, err).RetryAfter())
		_, err = find(t.Context(), coll)
		require.NoError(t, err)
		require.Zero(t, time.Since(began))
	})
}

// TestWaitsAreToldTogether, and seldom.
func TestWaitsAreToldTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []astra.WaitEvent
		began := time.Now()
		server := script(func(r *http.Request, body string) (*http.Response, error) {
			if time.Since(began) < time.Minute {
				return answer(503, "")(r, body)
			}
			return reply(`{"data":{"documents":[]},"status":{"deletedCount":0}}`)(r, body)
		})
		coll := articles(t, server, calm, func(o *astra.Options) {
			o.OnWait = func(e astra.WaitEvent) { events = append(events, e) }
		})
		var group errgroup.Group
		for i := range 8 {
			group.Go(func() error {
				if i == 0 {
					_, err := coll.DeleteMany(t.Context(), map[string]any{"a": 1})
					return err
				}
				_, err := find(t.Context(), coll)
				return err
			})
		}
		require.NoError(t, group.Wait())
		require.GreaterOrEqual(t, len(events), 3)
		require.LessOrEqual(t, len(events), 10)
		second, last := events[1], events[len(events)-1]
		require.Equal(t, 8, second.Calls)
		require.Equal(t, "deleteMany 1, find 7", second.Commands)
		require.ErrorIs(t, second.Err, astra.ErrHibernated)
		require.GreaterOrEqual(t, second.For, 10*time.Second)
		require.Zero(t, last.Calls)
		require.GreaterOrEqual(t, last.For, time.Minute)
	})
}

// TestAWaitThatEndsInAnErrorIsNotToldToBeOver: nobody is told that the service is back.
func TestAWaitThatEndsInAnErrorIsNotToldToBeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []astra.WaitEvent
		coll := articles(t, script(func(r *http.Request, body string) (*http.Response, error) {
			return answer(503, "")(r, body)
		}), calm, func(o *astra.Options) {
			o.OnWait = func(e astra.WaitEvent) { events = append(events, e) }
		})
		_, err := find(t.Context(), coll)
		require.Error(t, err)
		require.NotEmpty(t, events)
		for _, e := range events {
			require.Positive(t, e.Calls)
		}
	})
}
