package connector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/check"
	"destination-astra/internal/clients"
	"destination-astra/internal/fault"
	"destination-astra/localastra"
	"destination-astra/protocol"
)

// providerKey is what no output may hold.
const providerKey = "sk-MARKED-provider-key"

// members is a JSON object whose values nobody looks at.
type members = map[string]json.RawMessage

// vectorizing is a Data API whose collections embed: it stands before a local one,
// which cannot, keeps the services of its collections and embeds $vectorize as they
// would. It notes what it was asked.
type vectorizing struct {
	next   http.RoundTripper
	offers bool // it says by whom it embeds; else the local one does

	mu        sync.Mutex
	services  map[string]json.RawMessage // of collections, by name
	documents []members                  // as they were inserted
	searched  []string
	keys      map[string]bool // x-embedding-api-key of all requests
}

func newVectorizing(w *world) *vectorizing {
	return &vectorizing{
		next: w.server.Transport(), offers: true, services: map[string]json.RawMessage{}, keys: map[string]bool{},
	}
}

// RoundTrip carries out one command.
func (v *vectorizing) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var command map[string]members
	if err := json.Unmarshal(body, &command); err != nil {
		return nil, err
	}
	v.mu.Lock()
	v.keys[r.Header.Get("X-Embedding-Api-Key")] = true
	err = errors.Join(v.create(command["createCollection"]), v.insert(command["insertMany"]), v.find(command["find"]))
	v.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if body, err = json.Marshal(command); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response, err := v.next.RoundTrip(r)
	switch {
	case err != nil:
		return nil, err
	case command["findEmbeddingProviders"] != nil && v.offers:
		const offer = `{"status":{"embeddingProviders":{"openai":{"models":[{"name":"text-embedding-3-small"}]}}}}`
		response.Body, response.ContentLength = io.NopCloser(strings.NewReader(offer)), int64(len(offer))
	case command["findCollections"] != nil:
		return response, v.describe(response)
	}
	return response, nil
}

// create keeps the service out of a createCollection.
func (v *vectorizing) create(c members) error {
	if c == nil {
		return nil
	}
	var name string
	var options, vector members
	if err := errors.Join(json.Unmarshal(c["name"], &name), json.Unmarshal(c["options"], &options),
		json.Unmarshal(options["vector"], &vector)); err != nil {
		return err
	}
	if service := vector["service"]; service != nil {
		v.services[name] = service
	}
	delete(vector, "service")
	var err, err2 error
	options["vector"], err = json.Marshal(vector)
	c["options"], err2 = json.Marshal(options)
	return errors.Join(err, err2)
}

// find embeds the text that is searched for.
func (v *vectorizing) find(c members) error {
	var sort members
	if c["sort"] == nil {
		return nil
	}
	if err := json.Unmarshal(c["sort"], &sort); err != nil || sort["$vectorize"] == nil {
		return err
	}
	var text string
	if err := json.Unmarshal(sort["$vectorize"], &text); err != nil {
		return err
	}
	v.searched = append(v.searched, text)
	var err error
	c["sort"], err = json.Marshal(map[string]any{"$vector": vectorOf(text)})
	return err
}

// insert embeds what is to be embedded.
func (v *vectorizing) insert(c members) error {
	if c == nil {
		return nil
	}
	var documents []members
	if err := json.Unmarshal(c["documents"], &documents); err != nil {
		return err
	}
	for _, d := range documents {
		if d["_ab_check"] != nil {
			continue // check's trial document has no text
		}
		v.documents = append(v.documents, maps.Clone(d))
		var text string
		if err := json.Unmarshal(d["$vectorize"], &text); err != nil {
			return fmt.Errorf("$vectorize: %w", err)
		}
		delete(d, "$vectorize")
		var err error
		if d["$vector"], err = json.Marshal(vectorOf(text)); err != nil {
			return err
		}
	}
	var err error
	c["documents"], err = json.Marshal(documents)
	return err
}

// describe adds the services to a reply of findCollections.
func (v *vectorizing) describe(response *http.Response) error {
	var reply struct {
		Status struct {
			Collections []struct {
				Name    string                     `json:"name"`
				Options map[string]json.RawMessage `json:"options"`
			} `json:"collections"`
		} `json:"status"`
	}
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range reply.Status.Collections {
		var vector members
		if service := v.services[c.Name]; service == nil || json.Unmarshal(c.Options["vector"], &vector) != nil {
			continue
		}
		vector["service"] = v.services[c.Name]
		var err error
		if c.Options["vector"], err = json.Marshal(vector); err != nil {
			return err
		}
	}
	body, err := json.Marshal(reply)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Del("Content-Length")
	return err
}

// vectorize makes the world's configuration one of astra_vectorize, with these
// settings beside the usual ones.
func (w *world) vectorize(settings map[string]any) {
	embedding := map[string]any{
		"mode": "astra_vectorize", "provider": "openai", "model": "text-embedding-3-small", "dimensions": dimensions,
	}
	maps.Copy(embedding, settings)
	w.edits["embedding"] = embedding
}

// TestVectorizeCreatesTheCollection with the service as Astra DB wants to be told.
func TestVectorizeCreatesTheCollection(t *testing.T) {
	parameters := []map[string]string{{"name": "organizationId", "value": "org"}, {"name": "projectId", "value": "p"}}
	tests := map[string]struct {
		settings map[string]any
		service  string
		key      string
	}{
		"nothing but a model": {nil, `{"provider":"openai","modelName":"text-embedding-3-small"}`, ""},
		"a key that the database keeps": {map[string]any{"provider_key_name": "my-key"},
			`{"provider":"openai","modelName":"text-embedding-3-small","authentication":{"providerKey":"my-key"}}`, ""},
		"a key of our own": {map[string]any{"api_key": providerKey},
			`{"provider":"openai","modelName":"text-embedding-3-small"}`, providerKey},
		"parameters": {map[string]any{"provider": "nvidia", "model": "NV-Embed-QA", "parameters": parameters},
			`{"provider":"nvidia","modelName":"NV-Embed-QA","parameters":{"organizationId":"org","projectId":"p"}}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.vectorize(test.settings)
				v := newVectorizing(w)

				r := w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"))}, network: v,
					lines: []string{row("s", 1, "a"), row("s", 2, "b \"quoted\""), streamState("s", 1)}})

				require.JSONEq(w.t, test.service, string(v.services["c"]))
				require.Equal(w.t, map[string]bool{test.key: true}, v.keys, "the same key with every request")
				require.Equal(w.t, []int{1}, r.numbers())
				require.Zero(w.t, r.texts)
				require.Len(w.t, v.documents, 2)
				for _, d := range v.documents {
					require.NotContains(w.t, d, "$vector")
					require.JSONEq(w.t, string(d["text"]), string(d["$vectorize"]))
				}
				require.Equal(w.t, []string{"a", "b \"quoted\""}, w.texts())
				require.Equal(w.t, fmt.Sprintf("astra_vectorize/%s/8", fingerprinted(w)), w.documents()[0].Embedder)
				require.NotContains(w.t, strings.Join(r.logs, "\n"), "MARKED")
			})
		})
	}
}

func fingerprinted(w *world) string {
	e := w.edits["embedding"].(map[string]any)
	if e["parameters"] != nil {
		return fmt.Sprint(e["provider"], "/", e["model"], "@e004015cd173")
	}
	return fmt.Sprint(e["provider"], "/", e["model"])
}

// TestVectorizeAgain: nothing that is stored is sent again, and a changed text is
// replaced.
func TestVectorizeAgain(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.vectorize(nil)
		v := newVectorizing(w)
		a := attempt{streams: []configured{stream("s", toDedup, key("id"))}, network: v,
			lines: []string{row("s", 1, "a"), row("s", 2, "b")}}
		w.sync(a)
		require.Zero(w.t, w.sync(a).inserted())
		a.lines = []string{row("s", 2, "c")}
		require.Equal(w.t, 1, w.sync(a).inserted())
		require.Equal(w.t, []string{"a", "c"}, w.texts())
	})
}

// TestVectorizeRefusesOtherCollections: who embeds is fixed when a collection is
// created, so check and write refuse one of another service.
func TestVectorizeRefusesOtherCollections(t *testing.T) {
	tests := map[string]struct {
		service string // "" for none
		words   []string
	}{
		"another provider": {`{"provider":"nvidia","modelName":"text-embedding-3-small"}`,
			[]string{"nvidia/text-embedding-3-small", "openai/text-embedding-3-small"}},
		"another model": {`{"provider":"openai","modelName":"text-embedding-3-large"}`,
			[]string{"openai/text-embedding-3-large", "openai/text-embedding-3-small"}},
		"no service": {"", []string{"without an embedding provider"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{stream("other", toAppend)}}) // makes the collection
				w.vectorize(map[string]any{"api_key": providerKey})
				v := newVectorizing(w)
				if test.service != "" {
					v.services["c"] = json.RawMessage(test.service)
				}

				r, trace := w.fails(attempt{streams: []configured{stream("s", toAppend)}, network: v,
					lines: []string{row("s", 1, "a"), streamState("s", 1)}})
				_, err := w.checked(v)

				require.Error(w.t, err)
				checked := fault.Classify(err)
				for _, said := range []protocol.ErrorTrace{trace, checked} {
					require.Equal(w.t, protocol.ConfigError, said.FailureType)
					for _, word := range append(test.words, `"c"`) {
						require.Contains(w.t, said.Message, word)
					}
					require.NotContains(w.t, fmt.Sprint(said), "MARKED")
				}
				require.Empty(w.t, r.states)
				require.Empty(w.t, v.documents)
			})
		})
	}
}

// TestVectorizeChecks: check takes a collection of the same service, and none.
func TestVectorizeChecks(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.vectorize(map[string]any{"api_key": providerKey})
		v := newVectorizing(w)
		notes, err := w.checked(v)
		require.NoError(w.t, err)
		require.Contains(w.t, strings.Join(notes, " "), "does not exist yet")
		w.sync(attempt{streams: []configured{stream("s", toAppend)}, network: v, lines: []string{row("s", 1, "a")}})
		_, err = w.checked(v)
		require.NoError(w.t, err)
	})
}

// TestVectorizeRepeatsNoKey: a Data API that quotes the key in its error.
func TestVectorizeRepeatsNoKey(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.vectorize(map[string]any{"api_key": providerKey})
		v := newVectorizing(w)
		w.server.Control("insertMany", refusingKey())
		r, trace := w.fails(attempt{streams: []configured{stream("s", toAppend)}, network: v,
			lines: []string{row("s", 1, "a"), streamState("s", 1)}})
		require.NotContains(w.t, fmt.Sprint(trace, r.logs, r.err), "MARKED")
		require.Contains(w.t, trace.InternalMessage, "EMBEDDING_PROVIDER_CLIENT_ERROR")
		require.Empty(w.t, r.states)
	})
}

func refusingKey() localastra.ControlFunc {
	const reply = `{"errors":[{"errorCode":"EMBEDDING_PROVIDER_CLIENT_ERROR","family":"REQUEST","title":"t",` +
		`"message":"Provider: openai; HTTP Status: 401; Incorrect API key provided: ` + providerKey + `"}]}`
	return func(*http.Request, []byte) (bool, int, []byte) { return true, http.StatusOK, []byte(reply) }
}

// checked runs check over this network; nil is the server's own.
func (w *world) checked(network http.RoundTripper) ([]string, error) {
	w.t.Helper()
	if network == nil {
		network = w.server.Transport()
	}
	out := &output{}
	writer := protocol.NewWriter(out)
	c, err := clients.Open(clients.Options{
		Config: w.config(), Writer: writer, Log: slog.New(protocol.NewLogHandler(writer, slog.LevelInfo)),
		AstraTransport: network, EmbedTransport: w.embedder.Transport(),
	})
	require.NoError(w.t, err)
	notes, err := check.Run(context.WithoutCancel(w.t.Context()), c)
	require.NoError(w.t, c.Close())
	require.NotContains(w.t, strings.Join(out.logs, "\n"), "MARKED")
	return notes, err
}
