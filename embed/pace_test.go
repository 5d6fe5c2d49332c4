package embed_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/retry"
)

// lane is a transport that takes a second for each request, or half a second for the
// one with the number hasty, and remembers when they began. Its time is that of a
// synctest bubble.
type lane struct {
	next  http.RoundTripper
	hasty int

	mu       sync.Mutex
	inFlight int
	most     int
	began    []time.Time
}

func (l *lane) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.inFlight++
	l.most = max(l.most, l.inFlight)
	l.began = append(l.began, time.Now())
	takes := time.Second
	if len(l.began) == l.hasty {
		takes /= 2
	}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.inFlight--
		l.mu.Unlock()
	}()
	timer := time.NewTimer(takes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return l.next.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// paced is an embedder that asks server in its own time, one text a request.
func paced(t *testing.T, server *embedtest.Server, c embed.Common) (*embed.OpenAI, *lane) {
	t.Helper()
	l := &lane{next: server.Transport()}
	c.Transport, c.Counter = l, words{}
	if c.MaxTexts == 0 {
		c.MaxTexts = 1
	}
	e, err := embed.NewOpenAI(embed.OpenAIOptions{
		APIKey: markedKey, Model: "text-embedding-3-small", Dimensions: 8, Common: c,
	})
	require.NoError(t, err)
	return e, l
}

// bubble runs a test in its own time, with a stand-in.
func bubble(t *testing.T, o embedtest.Options, test func(t *testing.T, server *embedtest.Server)) {
	synctest.Test(t, func(t *testing.T) {
		o.APIKey, o.Dimensions, o.Shortens = markedKey, 8, true
		test(t, embedtest.NewServer(o))
	})
}

// requireAtMost requires that no span of a minute holds more than so many beginnings.
func requireAtMost(t *testing.T, most int, began []time.Time) {
	t.Helper()
	for i := range began {
		n := 0
		for _, other := range began[i:] {
			if other.Sub(began[i]) < time.Minute {
				n++
			}
		}
		require.LessOrEqual(t, n, most, "in the minute from %s", began[i])
	}
}

func TestConcurrencyGrows(t *testing.T) {
	bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
		e, l := paced(t, server, embed.Common{MaxConcurrency: 10})
		texts := numbered(200, 1)
		start := time.Now()
		require.Equal(t, embedtest.Vectors(texts, 8), mustEmbed(t, e, texts...))
		require.Equal(t, 10, l.most, "the ceiling")
		require.Less(t, time.Since(start), 30*time.Second, "200 seconds of work")
		atOnce := 0
		for _, at := range l.began[1:] { // the first goes alone, to settle the form
			if at.Equal(l.began[1]) {
				atOnce++
			}
		}
		require.Equal(t, 4, atOnce, "at first")
	})
}

func TestConcurrencyIsSharedByAllCalls(t *testing.T) {
	bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
		e, l := paced(t, server, embed.Common{MaxConcurrency: 3})
		group, ctx := errgroup.WithContext(t.Context())
		for range 5 {
			group.Go(func() error { _, err := e.Embed(ctx, numbered(10, 1)); return err })
		}
		require.NoError(t, group.Wait())
		require.Equal(t, 3, l.most)
		require.Equal(t, 50, server.Counts().Requests)
	})
}

// TestA429SlowsEveryRequestDown: what it asks for holds for all, and fewer go at a time.
func TestA429SlowsEveryRequestDown(t *testing.T) {
	bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
		e, l := paced(t, server, embed.Common{MaxConcurrency: 4})
		mustEmbed(t, e, "settle the form")
		fault := embedtest.Status(429, "rate_limit_exceeded", "slow down")
		fault.Header = http.Header{"Retry-After": {"20"}}
		server.Fail(fault)
		l.hasty = 2
		start := time.Now()
		mustEmbed(t, e, numbered(12, 1)...)
		var after []time.Duration
		for _, at := range l.began[1:] {
			after = append(after, at.Sub(start))
		}
		for _, d := range after[:4] {
			require.Zero(t, d)
		}
		for _, d := range after[4:] {
			require.GreaterOrEqual(t, d, 20500*time.Millisecond, "a request in the pause")
		}
		together := 0
		for _, d := range after[4:] {
			if d < 21400*time.Millisecond {
				together++
			}
		}
		require.Equal(t, 2, together, "half as many at a time as before")
	})
}

// TestTroubleHalvesTheRequests: fewer go at a time after a 5xx or a timeout, too.
func TestTroubleHalvesTheRequests(t *testing.T) {
	for name, fault := range map[string]embedtest.Fault{
		"503": embedtest.Status(503, "", "busy"), "timeout": {Hang: true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
				e, l := paced(t, server, embed.Common{MaxConcurrency: 8, Timeout: 3 * time.Second})
				mustEmbed(t, e, numbered(100, 1)...)
				require.Equal(t, 8, l.most)
				server.Fail(fault, fault, fault, fault, fault, fault, fault, fault)
				mustEmbed(t, e, numbered(8, 1)...)
				l.most = 0
				mustEmbed(t, e, numbered(8, 1)...)
				require.LessOrEqual(t, l.most, 6, "half, and what the repeats have regained")
				mustEmbed(t, e, numbered(200, 1)...)
				require.Equal(t, 8, l.most, "it recovers")
			})
		})
	}
}

// TestAQuiet429IsWaitedFor: the service tells no time, so each pause is longer, and a
// limit that takes a minute to lift is outwaited.
func TestAQuiet429IsWaitedFor(t *testing.T) {
	bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
		e, l := paced(t, server, embed.Common{})
		mustEmbed(t, e, "settle the form")
		fault := embedtest.Status(429, "", "slow down")
		server.Fail(fault, fault, fault, fault, fault, fault, fault)
		start := time.Now()
		mustEmbed(t, e, "a")
		require.Greater(t, time.Since(start), time.Minute)
		for i := 3; i < len(l.began); i++ {
			require.Greater(t, l.began[i].Sub(l.began[i-1]), l.began[i-1].Sub(l.began[i-2])/2+time.Second/2)
		}
	})
}

func TestRateLimitHeadersAreHonoured(t *testing.T) {
	tests := map[string]embedtest.Options{
		"requests": {RequestsPerMinute: 30},
		"tokens":   {TokensPerMinute: 60},
		"both":     {RequestsPerMinute: 40, TokensPerMinute: 60},
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, o, func(t *testing.T, server *embedtest.Server) {
				e, _ := paced(t, server, embed.Common{})
				start := time.Now()
				texts := numbered(120, 2)
				require.Equal(t, embedtest.Vectors(texts, 8), mustEmbed(t, e, texts...))
				// Replies that come at the same moment may be read in another order.
				require.Less(t, server.Counts().Limited, 12, "requests that the headers foretold to fail")
				// 30 a minute after a first burst of 30: three minutes for 120.
				require.InDelta(t, 3*time.Minute, time.Since(start), float64(time.Minute))
			})
		})
	}
}

func TestARateLimitWithoutHeadersIsSurvived(t *testing.T) {
	bubble(t, embedtest.Options{RequestsPerMinute: 60, Quiet: true}, func(t *testing.T, server *embedtest.Server) {
		e, _ := paced(t, server, embed.Common{})
		start := time.Now()
		mustEmbed(t, e, numbered(300, 1)...)
		require.Less(t, time.Since(start), 15*time.Minute)
		require.Less(t, server.Counts().Limited, 150, "most requests pass")
	})
}

func TestCeilings(t *testing.T) {
	t.Run("requests per minute", func(t *testing.T) {
		bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
			e, l := paced(t, server, embed.Common{RequestsPerMinute: 20})
			start := time.Now()
			mustEmbed(t, e, numbered(50, 1)...)
			requireAtMost(t, 20, l.began)
			require.InDelta(t, 2*time.Minute, time.Since(start), float64(10*time.Second))
		})
	})
	t.Run("tokens per minute", func(t *testing.T) {
		bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
			e, l := paced(t, server, embed.Common{TokensPerMinute: 100})
			start := time.Now()
			mustEmbed(t, e, numbered(25, 10)...)
			requireAtMost(t, 10, l.began)
			require.InDelta(t, 2*time.Minute, time.Since(start), float64(10*time.Second))
		})
	})
	t.Run("tokens as the service counts them", func(t *testing.T) {
		double := func(text string) int { return 2 * (words{}).Count(text) }
		bubble(t, embedtest.Options{Count: double}, func(t *testing.T, server *embedtest.Server) {
			e, l := paced(t, server, embed.Common{TokensPerMinute: 100, MaxConcurrency: 1})
			start := time.Now()
			mustEmbed(t, e, numbered(25, 10)...)
			requireAtMost(t, 5, l.began)
			require.InDelta(t, 4*time.Minute, time.Since(start), float64(30*time.Second))
		})
	})
	t.Run("a text above the ceiling goes alone", func(t *testing.T) {
		bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
			e, l := paced(t, server, embed.Common{TokensPerMinute: 5, MaxTexts: 100})
			mustEmbed(t, e, numbered(3, 10)...)
			requireAtMost(t, 1, l.began)
			require.Len(t, l.began, 3)
		})
	})
	t.Run("failures count as requests", func(t *testing.T) {
		bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
			e, l := paced(t, server, embed.Common{RequestsPerMinute: 2})
			fault := embedtest.Status(503, "", "busy")
			server.Fail(fault, fault, fault)
			mustEmbed(t, e, "a")
			requireAtMost(t, 2, l.began)
			require.Len(t, l.began, 4)
		})
	})
}

func TestWaitingIsTold(t *testing.T) {
	bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
		var events []embed.WaitEvent
		var times []time.Time
		e, _ := paced(t, server, embed.Common{
			RequestsPerMinute: 4,
			OnWait: func(e embed.WaitEvent) {
				events = append(events, e)
				times = append(times, time.Now())
			},
		})
		start := time.Now()
		mustEmbed(t, e, numbered(8, 1)...)
		require.GreaterOrEqual(t, len(events), 5, "in a minute of waiting")
		for i, event := range events {
			require.Equal(t, "openai", event.Provider)
			require.Equal(t, "requests_per_minute is reached", event.Reason)
			require.Positive(t, event.For)
			require.LessOrEqual(t, event.For, time.Minute)
			if i > 0 {
				require.GreaterOrEqual(t, times[i].Sub(times[i-1]), 10*time.Second)
			}
		}
		require.Less(t, times[0].Sub(start), 5*time.Second)
		require.Less(t, time.Since(times[len(times)-1]), 20*time.Second)
	})
}

func TestWhyARequestWaits(t *testing.T) {
	wait := func(h http.Header) embedtest.Fault {
		fault := embedtest.Status(429, "", "slow down")
		fault.Header = h
		return fault
	}
	low := http.Header{
		"X-Ratelimit-Remaining-Tokens": {"0"}, "X-Ratelimit-Reset-Tokens": {"30s"},
		"X-Ratelimit-Limit-Tokens": {"100"},
	}
	tests := map[string]struct {
		fault embedtest.Fault
		want  string
	}{
		"429": {wait(http.Header{"Retry-After": {"30"}}), "the service answered 429 Too Many Requests"},
		"503": {
			embedtest.Fault{Status: 503, Header: http.Header{"Retry-After": {"30"}}},
			"the service answered 503 Service Unavailable",
		},
		"headers":     {embedtest.Fault{Header: low}, "the service's limit of tokens is nearly used up"},
		"reset times": {wait(low), "the service answered 429 Too Many Requests"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
				var events []embed.WaitEvent
				e, _ := paced(t, server, embed.Common{OnWait: func(e embed.WaitEvent) { events = append(events, e) }})
				server.Fail(test.fault)
				start := time.Now()
				mustEmbed(t, e, numbered(1, 90)...)
				mustEmbed(t, e, numbered(1, 90)...)
				require.Greater(t, time.Since(start), 27*time.Second)
				require.NotEmpty(t, events)
				require.Equal(t, test.want, events[0].Reason)
				require.InDelta(t, 30*time.Second, events[0].For, float64(4*time.Second))
			})
		})
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
		e, _ := paced(t, server, embed.Common{RequestsPerMinute: 1})
		mustEmbed(t, e, "a")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := e.Embed(ctx, []string{"b"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 5*time.Second, time.Since(start))
		require.Equal(t, 1, server.Counts().Requests)
	})
}

// TestWaitsAreBounded: what a service asks for beyond the retries' budget is an error
// at once when it is a refusal, and not believed for longer when it is a header.
func TestWaitsAreBounded(t *testing.T) {
	policy := retry.Policy{Budget: time.Minute}
	t.Run("Retry-After", func(t *testing.T) {
		bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
			e, _ := paced(t, server, embed.Common{Retry: policy})
			fault := embedtest.Status(429, "", "tomorrow")
			fault.Header = http.Header{"Retry-After": {"86400"}}
			server.Fail(fault)
			start := time.Now()
			_, err := e.Embed(t.Context(), []string{"a"})
			got := requireError(t, err)
			require.True(t, got.Retryable())
			require.Equal(t, 24*time.Hour, got.RetryAfter())
			require.Equal(t, time.Second, time.Since(start))
			mustEmbed(t, e, "b")
			require.InDelta(t, time.Minute, time.Since(start), float64(5*time.Second))
		})
	})
	t.Run("headers", func(t *testing.T) {
		bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
			e, _ := paced(t, server, embed.Common{Retry: policy})
			server.Fail(embedtest.Fault{Header: http.Header{
				"X-Ratelimit-Remaining-Requests": {"0"}, "X-Ratelimit-Reset-Requests": {"20h"},
			}})
			mustEmbed(t, e, "a")
			start := time.Now()
			mustEmbed(t, e, "b")
			require.InDelta(t, time.Minute, time.Since(start), float64(5*time.Second))
		})
	})
}

// TestQueueingIsNotRetrying: a request that waited for its turn for longer than the
// retries' budget still has all of that budget.
func TestQueueingIsNotRetrying(t *testing.T) {
	bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
		e, _ := paced(t, server, embed.Common{RequestsPerMinute: 2, Retry: retry.Policy{Budget: 30 * time.Second}})
		mustEmbed(t, e, "a", "b")
		server.Fail(embedtest.Status(503, "", "busy"))
		mustEmbed(t, e, "c")
	})
}

func TestRateLimitHeaderForms(t *testing.T) {
	tests := map[string]struct {
		remaining, reset, limit string
		want                    time.Duration
	}{
		"OpenAI's minutes":  {"0", "6m0s", "", 5 * time.Minute}, // bounded by the budget
		"OpenAI's seconds":  {"0", "12s", "", 12 * time.Second},
		"milliseconds":      {"0", "1500ms", "", 1500 * time.Millisecond},
		"number of seconds": {"0", "7", "", 7 * time.Second},
		"fraction":          {"0", "2.5", "", 2500 * time.Millisecond},
		"refills evenly":    {"0", "60s", "60", time.Second},
		"something is left": {"1", "60s", "", 0},
		"negative":          {"-1", "60s", "", 0},
		"negative reset":    {"0", "-5s", "", 0},
		"no reset":          {"0", "", "", 0},
		"no remaining":      {"", "60s", "", 0},
		"nonsense":          {"NaN", "soon", "x", 0},
		"limit of nonsense": {"0", "3s", "Inf", 3 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
				e, _ := paced(t, server, embed.Common{})
				h := http.Header{}
				h.Set("X-Ratelimit-Remaining-Requests", test.remaining)
				h.Set("X-Ratelimit-Reset-Requests", test.reset)
				h.Set("X-Ratelimit-Limit-Requests", test.limit)
				server.Fail(embedtest.Fault{Header: h})
				mustEmbed(t, e, "a")
				start := time.Now()
				mustEmbed(t, e, "b")
				require.InDelta(t, test.want+time.Second, time.Since(start), float64(5*time.Millisecond))
			})
		})
	}
}
