package connector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
	"destination-astra/internal/clients"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/fault"
	"destination-astra/localastra"
	"destination-astra/protocol"
	"destination-astra/spec"
)

const year = 365 * 24 * time.Hour

// dimensions is the length of vectors in these tests: few, so that they are fast.
const dimensions = 8

// world is what a sync meets: a Data API, an embedding service, a
// configuration. All of it is in process, so that time can be made up.
type world struct {
	t        *testing.T
	server   *localastra.Server
	embedder *embedtest.Server
	edits    map[string]any // of the configuration, by dotted path
}

func newWorld(t *testing.T, backend string) *world {
	t.Helper()
	server, err := localastra.Open(localastra.Options{Memory: true, Backend: backend})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return &world{
		t: t, server: server, edits: map[string]any{},
		embedder: embedtest.NewServer(embedtest.Options{Dimensions: dimensions}),
	}
}

// onBothBackends runs a test against the Data API as Astra answers and as a
// Cassandra 5 backend answers, with a clock that jumps over every wait.
func onBothBackends(t *testing.T, test func(*world)) {
	t.Helper()
	t.Parallel()
	for _, backend := range []string{localastra.BackendAstra, localastra.BackendCassandra} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, backend)
				w.wait(26 * year) // synctest begins in the year 2000, before any generation that is a time
				test(w)
			})
		})
	}
}

// config is the configuration with the world's edits made.
func (w *world) config() *spec.Config {
	w.t.Helper()
	root := map[string]any{
		"embedding": map[string]any{
			"mode": "openai_compatible", "base_url": "http://localhost/v1", "model_name": "small", "dimensions": dimensions,
			"service_id": "openai_compatible", // for a fingerprint without a hash of the address
		},
		"processing": map[string]any{
			"chunk_size": 1000, "text_fields": []string{"text"}, "metadata_fields": []string{"id", "k", "l", "n"},
		},
		"indexing": map[string]any{
			"astra_db_endpoint": "http://localhost/v1", "astra_db_app_token": "t",
			"astra_db_keyspace": localastra.DefaultKeyspace, "collection": "c",
		},
	}
	for path, value := range w.edits {
		names := strings.Split(path, ".")
		at := root
		for _, name := range names[:len(names)-1] {
			at = at[name].(map[string]any)
		}
		at[names[len(names)-1]] = value
	}
	text, err := json.Marshal(root)
	require.NoError(w.t, err)
	config, warnings, err := spec.Parse(text)
	require.NoError(w.t, err)
	require.Empty(w.t, warnings)
	return config
}

// attempt is one run of write.
type attempt struct {
	streams []configured
	lines   []string
	input   io.Reader         // instead of lines
	jobID   string            // WORKER_JOB_ID
	network http.RoundTripper // instead of the server's own
	memory  int64
	batches int // in flight at first
	// onState sees each state when it is printed.
	onState func(state)
}

// result is what an attempt did, as its caller sees it.
type result struct {
	connector.Summary
	err    error
	states []state
	logs   []string // "LEVEL message"
	sent   map[string]localastra.Counter
	texts  int // that the embedding service was asked for
}

// state is a printed state.
type state struct {
	Type  string `json:"type"`
	Stats struct {
		Records    float64            `json:"recordCount"`
		Rejected   float64            `json:"rejectedRecordCount"`
		Additional map[string]float64 `json:"additionalStats"`
	} `json:"destinationStats"`
	Number int // of the state, out of whatever the source put it into
	raw    json.RawMessage
}

func (w *world) write(ctx context.Context, a attempt) result {
	w.t.Helper()
	if a.input == nil {
		a.input = strings.NewReader(strings.Join(a.lines, "\n"))
	}
	if a.network == nil {
		a.network = w.server.Transport()
	}
	out := &output{onState: a.onState}
	writer := protocol.NewWriter(out)
	c, err := clients.Open(clients.Options{
		Config: w.config(), Writer: writer, Log: slog.New(protocol.NewLogHandler(writer, slog.LevelInfo)),
		AstraTransport: a.network, EmbedTransport: w.embedder.Transport(),
		JobID: a.jobID, MemoryBytes: a.memory, Concurrency: a.batches,
	})
	require.NoError(w.t, err)
	w.server.ResetCounters()
	texts := w.embedder.Counts().Texts
	r := result{}
	r.Summary, r.err = connector.New(c).Write(ctx, catalog(w.t, a.streams), a.input)
	require.NoError(w.t, c.Close())
	require.NoError(w.t, out.err)
	r.sent, r.texts = w.server.Counters(), w.embedder.Counts().Texts-texts
	r.states, r.logs = out.states, out.logs
	return r
}

// sync is a write that must go well.
func (w *world) sync(a attempt) result {
	w.t.Helper()
	r := w.write(w.t.Context(), a)
	require.NoError(w.t, r.err)
	return r
}

// fails is a write that must not; it returns the trace that the platform gets.
func (w *world) fails(a attempt) (result, protocol.ErrorTrace) {
	w.t.Helper()
	r := w.write(w.t.Context(), a)
	require.Error(w.t, r.err)
	return r, fault.Classify(r.err)
}

// lines are the log lines that begin with these words.
func (r result) lines(words string) []string {
	var all []string
	for _, line := range r.logs {
		if strings.HasPrefix(line, words) {
			all = append(all, line)
		}
	}
	return all
}

// trace is what the platform gets of an attempt that failed.
func (w *world) trace(r result) protocol.ErrorTrace { return fault.Classify(r.err) }

// numbers are the states in the order in which they came out.
func (r result) numbers() []int {
	var all []int
	for _, s := range r.states {
		all = append(all, s.Number)
	}
	return all
}

// warned reports whether a WARN holds the words.
func (r result) warned(words string) bool {
	for _, line := range r.logs {
		if strings.HasPrefix(line, "WARN ") && strings.Contains(line, words) {
			return true
		}
	}
	return false
}

// inserted is how many documents insertMany stored.
func (r result) inserted() int { return int(r.sent["insertMany"].Documents) }

// output takes what the connector prints.
type output struct {
	onState func(state)
	states  []state
	logs    []string
	err     error
}

// Write takes one line.
func (o *output) Write(p []byte) (int, error) {
	var m struct {
		Type  string
		State json.RawMessage
		Log   struct{ Level, Message string }
	}
	if err := json.Unmarshal(p, &m); err != nil {
		o.err = errors.Join(o.err, fmt.Errorf("printed %s: %w", p, err))
		return len(p), nil
	}
	switch m.Type {
	case "STATE":
		s, err := readState(m.State)
		o.err = errors.Join(o.err, err)
		o.states = append(o.states, s)
		if o.onState != nil {
			o.onState(s)
		}
	case "LOG":
		o.logs = append(o.logs, m.Log.Level+" "+m.Log.Message)
	default:
		o.err = errors.Join(o.err, fmt.Errorf("printed %s", p))
	}
	return len(p), nil
}

// readState finds the state's number: the value of its only member "n".
func readState(raw json.RawMessage) (state, error) {
	s := state{raw: raw}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, err
	}
	_, rest, found := bytes.Cut(raw, []byte(`{"n":`))
	if !found {
		return s, fmt.Errorf("a state without a number: %s", raw)
	}
	_, err := fmt.Sscanf(string(rest), "%d", &s.Number)
	return s, err
}
