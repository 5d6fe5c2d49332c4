package embed_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/retry"
)

// unlucky is the text whose requests a crowd refuses.
const unlucky = "unlucky"

// crowd is a transport on which many requests are under way at once: that of the text
// `other n` takes 3n seconds and a half, so that they end one by one, and every other a
// second. That of the unlucky text is answered 429, so many times.
type crowd struct {
	next     http.RoundTripper
	refusals int64
	unlucky  atomic.Int64 // its requests
}

func (c *crowd) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	takes, refused := time.Second, false
	if _, after, found := strings.Cut(string(body), "other "); found {
		takes = time.Duration(after[0]-'0')*3*time.Second + time.Second/2
	}
	if bytes.Contains(body, []byte(unlucky)) {
		refused = c.unlucky.Add(1) <= c.refusals
	}
	<-time.After(takes)
	if refused {
		return &http.Response{
			StatusCode: http.StatusTooManyRequests, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, Request: r,
		}, nil
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	return c.next.RoundTrip(again)
}

// TestSomeRequestAlwaysComesLast: a 429 is no failed attempt while other requests get
// through, and is one when nothing does. Each 429 halves the requests at a time, so the
// unlucky one comes again only after some of the nine others have ended; once they all
// have, it is on its own.
func TestSomeRequestAlwaysComesLast(t *testing.T) {
	tests := map[string]struct {
		refusals int64
		fails    bool
	}{
		"while others pass":  {3, false},
		"and afterwards too": {100, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, embedtest.Options{}, func(t *testing.T, server *embedtest.Server) {
				c := &crowd{next: server.Transport(), refusals: test.refusals}
				e, err := embed.NewOpenAI(embed.OpenAIOptions{
					APIKey: markedKey, Model: "text-embedding-3-small", Dimensions: 8,
					Common: embed.Common{
						Transport: c, Counter: words{}, MaxTexts: 1, MaxConcurrency: 10,
						Retry: retry.Policy{MaxAttempts: 1},
					},
				})
				require.NoError(t, err)
				mustEmbed(t, e, numbered(200, 1)...) // until ten go at a time
				var group errgroup.Group
				for i := range 9 {
					group.Go(func() error {
						_, err := e.Embed(t.Context(), []string{fmt.Sprintf("other %d", i)})
						return err
					})
				}
				_, err = e.Embed(t.Context(), []string{unlucky})
				require.NoError(t, group.Wait())
				if !test.fails {
					require.NoError(t, err)
					require.Equal(t, test.refusals+1, c.unlucky.Load())
					return
				}
				require.Equal(t, http.StatusTooManyRequests, requireError(t, err).HTTPStatus)
				require.Less(t, c.unlucky.Load(), int64(10), "it is not repeated for ever")
			})
		})
	}
}
