package integration_tests

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// refusedURL is an address at which nobody listens.
func refusedURL() string {
	listener := httptest.NewServer(http.NotFoundHandler())
	defer listener.Close()
	return listener.URL
}

// TestServerIsDown at the start. The repeats take a quarter of a minute.
func TestServerIsDown(t *testing.T) {
	t.Parallel()
	j := newJob(t, configFor(refusedURL()), catalogOf(streamNamed("s", "append")))
	t.Run("check", func(t *testing.T) {
		t.Parallel()
		answer := checkFile(t, j.dir, j.config)
		require.Equal(t, "FAILED", answer.Status)
		require.Contains(t, answer.Message, "Data API")
	})
	t.Run("write", func(t *testing.T) {
		t.Parallel()
		r := j.write(t, note("s", 1, "x"), state("s", 1)).failed(t, "transient_error", "Data API")
		require.Empty(t, r.states(t))
		require.Contains(t, r.logs(t, "INFO"), "repeated", "it says why nothing happens")
	})
}

// TestUnknownHost: most often a typing error in the endpoint.
func TestUnknownHost(t *testing.T) {
	t.Parallel()
	answer := check(t, configFor("https://no-such-host.invalid"))
	require.Equal(t, "FAILED", answer.Status)
}

// TestServerDies in the middle of a sync: the states acknowledged are those whose
// records are stored, and a second attempt completes without doubling.
func TestServerDies(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"append", "append_dedup"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			api := newDataAPI(t, localastra.Options{})
			var inserts atomic.Int64
			alive := api.KeepControl("", func(_ *http.Request, body []byte) (bool, int, []byte) {
				insert := strings.HasPrefix(strings.TrimSpace(string(body)), `{"insertMany"`)
				if insert && inserts.Load() < 3 {
					inserts.Add(1)
					return false, 0, nil
				}
				return inserts.Load() >= 3, 0, nil // the connection breaks
			})
			j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", mode)))
			var messages []string
			for i := range 10 {
				messages = append(messages, notes("s", 100*i+1, 100*i+100)...)
				messages = append(messages, state("s", i+1))
			}

			r := j.write(t, messages...).failed(t, "transient_error")
			alive()

			stored := api.documents(t)
			require.Len(t, stored, 300)
			inStore := map[string]bool{}
			for _, d := range stored {
				inStore[d.text("text")] = true
			}
			for i, cursor := range r.cursors(t) {
				require.Equal(t, i+1, cursor)
				for _, line := range messages[101*i : 101*i+100] {
					_, text, _ := strings.Cut(line, `"text":"`)
					require.True(t, inStore["text: "+strings.TrimSuffix(text, `"}}}`)], line)
				}
			}
			require.Less(t, len(r.cursors(t)), 10)

			j.write(t, messages...).succeeded(t)
			require.Len(t, unique(texts(api.documents(t), "text")), 1000)
			require.Len(t, api.documents(t), 1000)
		})
	}
}

// TestServerStumbles: overload, lost connections and answers of a proxy, once each,
// are repeated without a trace.
func TestServerStumbles(t *testing.T) {
	t.Parallel()
	lost, busy := answering(0, ""), answering(429, "")
	unavailable, gateway := answering(503, ""), answering(502, "<html>Bad Gateway</html>")
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
			api := newDataAPI(t, localastra.Options{})
			api.Control(test.command, test.fault)
			j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append_dedup")))
			r := j.write(t, append(notes("s", 1, 20), state("s", 1))...).succeeded(t)
			require.Equal(t, []int{1}, r.cursors(t))
			require.Len(t, api.documents(t), 20)
		})
	}
}

// TestAnswerToAnInsertIsLost: the documents are there, and are not taken for
// somebody else's.
func TestAnswerToAnInsertIsLost(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	lossy := httptest.NewServer(losingFirstInsert(api))
	defer lossy.Close()
	j := newJob(t, configFor(lossy.URL), catalogOf(streamNamed("s", "append")))

	r := j.write(t, append(notes("s", 1, 20), state("s", 1))...).succeeded(t)

	require.Equal(t, 20.0, r.stats(t)[0].RecordCount)
	require.Len(t, api.documents(t), 20)
}

// losingFirstInsert carries out every request, and breaks the connection instead of
// answering the first insertMany.
func losingFirstInsert(api *dataAPI) http.Handler {
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
			api := newDataAPI(t, localastra.Options{})
			config := configFor(api.url, embeddingAt(listener.URL, test.dimensions), set("embedding", "api_key", test.key))
			j := newJob(t, config, catalogOf(streamNamed("s", "append")))

			answer := checkFile(t, j.dir, j.config)
			r := j.write(t, note("s", 1, "one"), state("s", 1))

			if test.failure == "" {
				require.Equal(t, "SUCCEEDED", answer.Status, answer.Message)
				r.succeeded(t)
				return
			}
			require.Equal(t, "FAILED", answer.Status)
			for _, word := range test.words {
				require.Contains(t, answer.Message, word)
			}
			r.failed(t, test.failure, test.words...)
			require.Empty(t, r.states(t))
			require.Empty(t, api.documents(t))
		})
	}
}
