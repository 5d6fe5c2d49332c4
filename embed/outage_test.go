package embed_test

import (
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/retry"
)

// outage is a transport that fails from its beginning to its end.
type outage struct {
	next     http.RoundTripper
	from, to time.Time
	fails    func(r *http.Request) (*http.Response, error)
}

func (o *outage) RoundTrip(r *http.Request) (*http.Response, error) {
	if now := time.Now(); now.Before(o.from) || !now.Before(o.to) {
		return o.next.RoundTrip(r)
	}
	return o.fails(r)
}

func with(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// answers makes replies of a stand-in that only fails.
func answers(fault embedtest.Fault) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		server := embedtest.NewServer(embedtest.Options{AnyKey: true, Dimensions: 8, Shortens: true})
		server.Fail(fault)
		return server.Transport().RoundTrip(r)
	}
}

func outages() map[string]func(*http.Request) (*http.Response, error) {
	return map[string]func(*http.Request) (*http.Response, error){
		"503":               answers(embedtest.Status(503, "", "overloaded")),
		"429":               answers(embedtest.Status(429, "", "slow down")),
		"error under 200":   answers(body(`{"error":{"message":"worker died","code":500}}`)),
		"cut short":         answers(body(`{"data":[`)),
		"no body":           answers(embedtest.Fault{Status: 502, Body: " "}),
		"a gateway's page":  answers(body("<html>starting")),
		"404 of a gateway":  answers(embedtest.Fault{Status: 404, Body: "no healthy upstream"}),
		"reset":             with(&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}),
		"refused":           with(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}),
		"unknown host":      with(&net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}),
		"name server fails": with(&net.DNSError{Err: "server misbehaving", Name: "h", IsTemporary: true}),
		"hangs":             answers(embedtest.Fault{Hang: true}),
	}
}

// TestOutages: whatever it looks like, an outage in mid-sync is survived for the whole
// patience, with many requests at a time, and told; one that stays ends the sync after it.
func TestOutages(t *testing.T) {
	for name, fails := range outages() {
		for _, lasts := range []time.Duration{
			40 * time.Second, 2 * time.Minute, retry.DefaultBudget - embed.DefaultTimeout - 10*time.Second, 24 * time.Hour,
		} {
			t.Run(name+"/"+lasts.String(), func(t *testing.T) {
				bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
					told := 0
					o := &outage{next: server.Transport(), fails: fails}
					e, l := paced(t, server, embed.Common{OnWait: func(embed.WaitEvent) { told++ }})
					l.next = o
					mustEmbed(t, e, numbered(100, 1)...)
					began := time.Now()
					o.from, o.to = began, began.Add(lasts)
					texts := numbered(40, 1)
					vectors, err := e.EmbedSome(t.Context(), texts)
					took := time.Since(began)
					require.Positive(t, told)
					if lasts < retry.DefaultBudget {
						require.NoError(t, err)
						require.Equal(t, embedtest.Vectors(texts, 8), vectors)
						require.Less(t, took, lasts+3*time.Minute)
						return
					}
					require.Nil(t, vectors)
					got := requireError(t, err)
					require.True(t, got.Retryable())
					require.Nil(t, got.Texts)
					require.GreaterOrEqual(t, took, retry.DefaultBudget)
					require.Less(t, took, retry.DefaultBudget+3*embed.DefaultTimeout)
				})
			})
		}
	}
}

// TestARetryAfterBeyondThePatience ends at once, and says why.
func TestARetryAfterBeyondThePatience(t *testing.T) {
	bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
		e, _ := paced(t, server, embed.Common{})
		mustEmbed(t, e, "a")
		fault := embedtest.Status(429, "", "come back later")
		fault.Header = http.Header{"Retry-After": {"3600"}}
		server.Fail(fault)
		began := time.Now()
		_, err := e.Embed(t.Context(), []string{"b"})
		require.Equal(t, time.Second, time.Since(began), "the request's own")
		require.Contains(t, requireError(t, err).Error(), "asks to wait 1h0m0s, and a request is repeated for 5m0s at most")
	})
}

// TestOneOfManyWaitsForAsLongAsOthersPass: 40 requests a minute for 300 texts take longer
// than the patience, and some request always comes last.
func TestOneOfManyWaitsForAsLongAsOthersPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := embedtest.NewServer(embedtest.Options{
			APIKey: markedKey, Dimensions: 8, Shortens: true, RequestsPerMinute: 20, Quiet: true,
		})
		e, _ := paced(t, server, embed.Common{Retry: retry.Policy{Budget: time.Minute}})
		began := time.Now()
		mustEmbed(t, e, numbered(150, 1)...)
		require.Greater(t, time.Since(began), 5*time.Minute)
		require.Positive(t, server.Counts().Limited)
	})
}
