package astra_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/internal/retry"
)

// token is looked for in every error.
const token = "AstraCS:markedClientID:marked0secret0marked0secret"

// step answers one request. It may fail it instead.
type step func(req *http.Request, body string) (*http.Response, error)

// server is a scripted RoundTripper: one step per request, the last one for all others.
type server struct {
	mu     sync.Mutex
	steps  []step
	paths  []string
	bodies []string
	header http.Header
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	i := min(len(s.bodies), len(s.steps)-1)
	s.paths = append(s.paths, req.URL.String())
	s.bodies = append(s.bodies, string(body))
	s.header = req.Header
	s.mu.Unlock()
	return s.steps[i](req, string(body))
}

func script(steps ...step) *server { return &server{steps: steps} }

// answer replies with a status and a body.
func answer(status int, body string, header ...string) step {
	return func(*http.Request, string) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{
			StatusCode: status, Header: h, ContentLength: int64(len(body)),
			Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

func reply(body string) step { return answer(http.StatusOK, body) }

// lose fails the request with err, as if its answer were lost.
func lose(err error) step {
	return func(*http.Request, string) (*http.Response, error) { return nil, err }
}

// hang answers nothing until the request's context ends.
func hang(req *http.Request, _ string) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// problem is one element of an errors array.
func problem(family, scope, code string, ids ...string) string {
	p := map[string]any{
		"id": "0afa6c41", "family": family, "scope": scope, "errorCode": code,
		"title": "Title", "message": "The message.\n\nSecond paragraph.",
	}
	if len(ids) > 0 {
		p["documentIds"] = ids
	}
	text, _ := json.Marshal(p)
	return string(text)
}

func problems(list ...string) step {
	return reply(`{"errors":[` + strings.Join(list, ",") + `]}`)
}

var fast = retry.Policy{MaxAttempts: 8, Base: time.Nanosecond, Max: time.Nanosecond}

func newClient(t testing.TB, transport http.RoundTripper, change ...func(*astra.Options)) *astra.Client {
	t.Helper()
	o := astra.Options{
		Endpoint: "https://db.example/api/json/v1", Token: token,
		UserAgent: astra.UserAgent("1.2.3"), Transport: transport, Retry: fast,
	}
	for _, f := range change {
		f(&o)
	}
	client, err := astra.NewClient(o)
	require.NoError(t, err)
	return client
}

func articles(t testing.TB, transport http.RoundTripper, change ...func(*astra.Options)) *astra.Collection {
	t.Helper()
	return newClient(t, transport, change...).Database("ks").Collection("articles")
}

// note is the smallest document.
type note string

func (n note) ID() string { return string(n) }
func (n note) AppendJSON(dst []byte) []byte {
	return fmt.Appendf(dst, `{"_id":%q}`, string(n))
}

func notes(ids ...string) []astra.Document {
	docs := make([]astra.Document, len(ids))
	for i, id := range ids {
		docs[i] = note(id)
	}
	return docs
}

func asError(t testing.TB, err error) *astra.Error {
	t.Helper()
	var e *astra.Error
	require.ErrorAs(t, err, &e)
	return e
}

func find(ctx context.Context, c *astra.Collection) (astra.Page, error) {
	return c.Find(ctx, astra.FindQuery{Projection: map[string]int{"n": 1}})
}
