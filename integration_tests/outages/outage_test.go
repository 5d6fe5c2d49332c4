package outages_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// nobody returns an address at which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// TestServerIsDownAtACheck: somebody waits for the answer.
func TestServerIsDownAtACheck(t *testing.T) {
	t.Parallel()
	answer := Check(t, ConfigFor("http://"+nobody(t)))
	require.Equal(t, "FAILED", answer.Status)
	require.Contains(t, answer.Message, "Data API")
}

// TestServerComesUpLate: a write waits for it, and says so.
func TestServerComesUpLate(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	address := nobody(t)
	j := NewJob(t, ConfigFor("http://"+address), CatalogOf(StreamNamed("s", "append")))
	p := Start(t, j.Dir, j.Args()...)
	p.Send(t, append(Notes("s", 1, 20), State("s", 1))...)
	require.NoError(t, p.Stdin.Close())
	p.Await(t, "repeated")

	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	late := httptest.NewUnstartedServer(api)
	require.NoError(t, late.Listener.Close())
	late.Listener = listener
	late.Start()
	defer late.Close()

	r := p.Result(t)
	require.Zero(t, r.Code, r.Stdout)
	require.Equal(t, []int{1}, r.Cursors(t))
	require.Len(t, api.Stored(t), 20)
}

// TestUnknownHost: most often a typing error in the endpoint.
func TestUnknownHost(t *testing.T) {
	t.Parallel()
	answer := Check(t, ConfigFor("https://no-such-host.invalid"))
	require.Equal(t, "FAILED", answer.Status)
}

// TestServerDies in the middle of a sync, and somebody stops that: the states
// acknowledged are those whose records are stored, and a second attempt completes
// without doubling.
func TestServerDies(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"append", "append_dedup"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			var inserts atomic.Int64
			alive := api.KeepControl("", func(_ *http.Request, body []byte) (bool, int, []byte) {
				insert := strings.HasPrefix(strings.TrimSpace(string(body)), `{"insertMany"`)
				if insert && inserts.Load() < 3 {
					inserts.Add(1)
					return false, 0, nil
				}
				return inserts.Load() >= 3, 0, nil // the connection breaks
			})
			j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", mode)))
			var messages []string
			for i := range 10 {
				messages = append(messages, Notes("s", 100*i+1, 100*i+100)...)
				messages = append(messages, State("s", i+1))
			}

			p := Start(t, j.Dir, j.Args()...)
			p.Send(t, messages...)
			p.Await(t, "repeated")
			r := p.Signal(t, syscall.SIGTERM, StopPatience)
			require.Equal(t, 143, r.Code, r.Stdout)
			alive()

			stored := api.Stored(t)
			require.Len(t, stored, 300)
			inStore := map[string]bool{}
			for _, d := range stored {
				inStore[d.Text("text")] = true
			}
			for i, cursor := range r.Cursors(t) {
				require.Equal(t, i+1, cursor)
				for _, line := range messages[101*i : 101*i+100] {
					_, text, _ := strings.Cut(line, `"text":"`)
					require.True(t, inStore["text: "+strings.TrimSuffix(text, `"}}}`)], line)
				}
			}
			require.Less(t, len(r.Cursors(t)), 10)

			j.Write(t, messages...).Succeeded(t)
			require.Len(t, Unique(Texts(api.Stored(t), "text")), 1000)
			require.Len(t, api.Stored(t), 1000)
		})
	}
}

// TestServerStumbles: overload, lost connections and answers of a proxy, once each,
// are repeated without a trace.
func TestServerStumbles(t *testing.T) {
	t.Parallel()
	lost, busy := Answering(0, ""), Answering(429, "")
	unavailable, gateway := Answering(503, ""), Answering(502, "<html>Bad Gateway</html>")
	tests := map[string]struct {
		command string
		fault   localastra.ControlFunc
	}{
		"connection lost on reading":  {"findCollections", lost},
		"connection lost on creating": {"createCollection", lost},
		// Whether this insert will be applied is settled only after the server's own timeout.
		"connection lost on writing": {"insertMany", lost},
		"503 on creating":            {"createCollection", unavailable},
		"502 on reading":             {"findCollections", gateway},
		"429 on reading":             {"findCollections", busy},
		"429 on writing":             {"insertMany", busy},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			api.Control(test.command, test.fault)
			j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append_dedup")))
			r := j.Write(t, append(Notes("s", 1, 20), State("s", 1))...).Succeeded(t)
			require.Equal(t, []int{1}, r.Cursors(t))
			require.Len(t, api.Stored(t), 20)
		})
	}
}

// TestAnswerToAnInsertIsLost: the documents are there, and are not taken for
// somebody else's.
func TestAnswerToAnInsertIsLost(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	lossy := httptest.NewServer(losingFirstInsert(api))
	defer lossy.Close()
	j := NewJob(t, ConfigFor(lossy.URL), CatalogOf(StreamNamed("s", "append")))

	r := j.Write(t, append(Notes("s", 1, 20), State("s", 1))...).Succeeded(t)

	require.Equal(t, 20.0, r.Stats(t)[0].RecordCount)
	require.Len(t, api.Stored(t), 20)
}

// losingFirstInsert carries out every request, and breaks the connection instead of
// answering the first insertMany.
func losingFirstInsert(api *DataAPI) http.Handler {
	var lost atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before := api.Requests("insertMany")
		recorder := httptest.NewRecorder()
		api.ServeHTTP(recorder, r)
		if api.Requests("insertMany") > before && !lost.Swap(true) {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", recorder.Header().Get("Content-Type"))
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes())
	})
}

// TestEmbeddingServiceFails: a refused key is a config_error, a stumble is repeated.
func TestEmbeddingServiceFails(t *testing.T) {
	t.Parallel()
	service := embedtest.NewServer(embedtest.Options{APIKey: "right", Dimensions: 16})
	listener := httptest.NewServer(service)
	t.Cleanup(listener.Close)
	tests := map[string]struct {
		key        string
		dimensions int
		failure    string
		words      []string
	}{
		"right":            {"right", 16, "", nil},
		"wrong key":        {"wrong", 16, "config_error", []string{"embedding"}},
		"other dimensions": {"right", 8, "config_error", []string{"16", "8"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			config := ConfigFor(api.URL, EmbeddingAt(listener.URL, test.dimensions), Set("embedding", "api_key", test.key))
			j := NewJob(t, config, CatalogOf(StreamNamed("s", "append")))

			answer := CheckFile(t, j.Dir, j.Config)
			r := j.Write(t, Note("s", 1, "one"), State("s", 1))

			if test.failure == "" {
				require.Equal(t, "SUCCEEDED", answer.Status, answer.Message)
				r.Succeeded(t)
				return
			}
			require.Equal(t, "FAILED", answer.Status)
			for _, word := range test.words {
				require.Contains(t, answer.Message, word)
			}
			r.Failed(t, test.failure, test.words...)
			require.Empty(t, r.States(t))
			require.Empty(t, api.Stored(t))
		})
	}
}
