package embedders_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// object is JSON in the making.
type object = map[string]any

// embedder is one of the modes that ask a service, as a user sets it up, and the
// service as it expects to be asked.
type embedder struct {
	service   embedtest.Options
	embedding object // the settings, without the address
	key       string // the name of the key's setting
	// at puts the service's address where this mode takes it from: into a setting or
	// into the environment.
	at          func(embedding object, url string) (env []string)
	fingerprint string
	cost        string // in the final log line
	texts       int    // of one request at most
}

// embedders are all modes that ask a service. Each service knows only one path, key
// and model, so a wrong request stores nothing.
func embedders() map[string]embedder {
	setting := func(name, path string) func(object, string) []string {
		return func(embedding object, url string) []string {
			embedding[name] = url + path
			return nil
		}
	}
	variable := func(name, path string) func(object, string) []string {
		return func(_ object, url string) []string { return []string{name + "=" + url + path} }
	}
	const small, light = "text-embedding-3-small", "embed-english-light-v3.0"
	openAI := embedder{
		service: embedtest.Options{Path: "/v1/embeddings", Model: small, Dimensions: 1536, Shortens: true},
		embedding: object{
			"mode": "openai", "openai_key": MarkedKey, "model": small, "dimensions": 256, "service_id": "openai",
		},
		key: "openai_key", at: variable("OPENAI_BASE_URL", "/v1"),
		fingerprint: "openai/" + small + "/256", cost: `cost="$0.000004 (list price of `, texts: 2048,
	}
	older := openAI
	older.at = variable("OPENAI_API_BASE", "/v1")
	return map[string]embedder{
		"openai":                  openAI,
		"openai, OPENAI_API_BASE": older,
		"azure_openai": {
			service: embedtest.Options{
				API: embedtest.Azure, Deployment: "my-dep", APIVersion: embed.DefaultAzureAPIVersion,
				Dimensions: 1536, MaxTexts: 16,
			},
			embedding: object{"mode": "azure_openai", "openai_key": MarkedKey, "deployment": "my-dep", "service_id": "our-own"},
			key:       "openai_key", at: setting("api_base", ""),
			fingerprint: "azure_openai/text-embedding-ada-002@our-own/1536", cost: "cost=unknown", texts: 16,
		},
		"cohere": {
			service:   embedtest.Options{API: embedtest.Cohere, Path: "/v2/embed", Model: light, Dimensions: 384},
			embedding: object{"mode": "cohere", "cohere_key": MarkedKey, "model": light, "service_id": "cohere"},
			key:       "cohere_key", at: variable("CO_API_URL", ""),
			fingerprint: "cohere/" + light + "/384", cost: "cost=unknown", texts: 96,
		},
		"openai_compatible": {
			service: embedtest.Options{Path: "/v1/embeddings", Model: "m", Dimensions: 8, MaxTexts: 32},
			embedding: object{
				"mode": "openai_compatible", "api_key": MarkedKey, "model_name": "m", "dimensions": 8,
				"service_id": "openai_compatible",
			},
			key: "api_key", at: setting("base_url", "/v1"),
			fingerprint: "openai_compatible/m/8", cost: "cost=unknown", texts: 32,
		},
	}
}

// dimensions is the length of the vectors that are stored.
func (e embedder) dimensions() int {
	if n, ok := e.embedding["dimensions"].(int); ok {
		return n
	}
	return e.service.Dimensions
}

// embedderRun is an embedder with its service, an empty database and a job.
type embedderRun struct {
	embedder
	service *embedtest.Server
	api     *DataAPI
	job     Job
	env     []string
}

// start serves the embedder's service and an empty database. edits change the
// configuration.
func (e embedder) start(t *testing.T, edits ...func(object)) *embedderRun {
	t.Helper()
	if e.service.APIKey == "" {
		e.service.APIKey = MarkedKey
	}
	r := &embedderRun{embedder: e, service: embedtest.NewServer(e.service), api: NewDataAPI(t, localastra.Options{})}
	listener := httptest.NewServer(r.service)
	t.Cleanup(listener.Close)
	embedding := object{}
	for name, value := range e.embedding {
		embedding[name] = value
	}
	r.env = append(e.at(embedding, listener.URL), "LOG_LEVEL=trace")
	config := ConfigFor(r.api.URL, append([]func(object){func(c object) { c["embedding"] = embedding }}, edits...)...)
	r.job = NewJob(t, config, CatalogOf(StreamNamed("s", "append")))
	return r
}

// write writes the messages and makes sure that the key is not in the output.
func (r *embedderRun) write(t *testing.T, messages ...string) Result {
	t.Helper()
	out := RunEnv(t, r.job.Dir, r.env, strings.NewReader(Lines(messages...)), r.job.Args()...)
	require.NotContains(t, out.Stdout+out.Stderr, "MARKED")
	return out
}

// check answers check, and makes sure that the key is not in the output.
func (r *embedderRun) check(t *testing.T) (ConnectionStatus, Result) {
	t.Helper()
	out := RunEnv(t, r.job.Dir, r.env, nil, "check", "--config", r.job.Config)
	require.NotContains(t, out.Stdout+out.Stderr, "MARKED")
	require.Zero(t, out.Code, out.Stdout)
	all := out.Messages(t)
	last := all[len(all)-1].ConnectionStatus
	require.NotNil(t, last, out.Stdout)
	return ConnectionStatus(*last), out
}

// requireVectors requires that each document has the vector of its text, as the
// service answered it, and the embedder's fingerprint.
func (r *embedderRun) requireVectors(t *testing.T) {
	t.Helper()
	a := r.api.Command(t, Collection, object{"find": object{"projection": object{"*": 1}}})
	require.NotEmpty(t, a.Data.Documents)
	for _, raw := range a.Data.Documents {
		d := DecodeDocument(t, raw)
		require.Equal(t, r.fingerprint, d["_ab_embedder"])
		want := embedtest.Vectors([]string{d.Text("text")}, r.dimensions())[0]
		require.Equal(t, want, decodeVector(t, d["$vector"]), d.Text("text"))
	}
}

// decodeVector reads $vector in the form in which it was written.
func decodeVector(t *testing.T, stored any) embed.Vector {
	t.Helper()
	binaryForm, ok := stored.(object)
	require.True(t, ok, "%v", stored)
	raw, err := base64.StdEncoding.DecodeString(binaryForm["$binary"].(string))
	require.NoError(t, err)
	v := make(embed.Vector, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.BigEndian.Uint32(raw[4*i:]))
	}
	return v
}

func TestEmbeddersWrite(t *testing.T) {
	t.Parallel()
	for name, e := range embedders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := e.start(t)

			out := r.write(t, append(Notes("s", 1, 40), State("s", 40))...).Succeeded(t)

			require.Equal(t, []int{40}, out.Cursors(t))
			require.Len(t, r.api.Stored(t), 40)
			r.requireVectors(t)
			counts := r.service.Counts()
			require.Equal(t, 40, counts.Texts, "each text once")
			require.Zero(t, counts.Refused)
			for _, request := range r.service.Requests() {
				require.LessOrEqual(t, len(request.Texts), e.texts)
				if e.service.API == embedtest.Cohere {
					require.Equal(t, "search_document", request.InputType)
				}
			}
			stats := out.Stats(t)
			require.EqualValues(t, counts.Tokens, stats[0].AdditionalStats["tokens"])
			final := lineWith(out.Logs(t, "INFO"), "writing ended")
			require.Contains(t, final, fmt.Sprintf("tokens=%d ", counts.Tokens))
			require.Contains(t, final, e.cost)
		})
	}
}

// lineWith is the one line with the words; "" when there is none or more than one.
func lineWith(text, words string) string {
	found := ""
	for line := range strings.Lines(text) {
		if strings.Contains(line, words) {
			if found != "" {
				return ""
			}
			found = line
		}
	}
	return found
}

// TestCostOfAMillionTokens: the price in the final log line is the list price.
func TestCostOfAMillionTokens(t *testing.T) {
	t.Parallel()
	e := embedders()["openai"]
	e.service.Count = func(string) int { return 250_000 }
	r := e.start(t)

	out := r.write(t, append(Notes("s", 1, 4), State("s", 4))...).Succeeded(t)

	final := lineWith(out.Logs(t, "INFO"), "writing ended")
	require.Contains(t, final, "tokens=1000000 ")
	require.Contains(t, final, "$0.020000")
	require.Contains(t, final, embed.PricesDate)
}

func TestEmbeddersCheck(t *testing.T) {
	t.Parallel()
	for name, e := range embedders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := e.start(t)

			answer, out := r.check(t)

			require.Equal(t, "SUCCEEDED", answer.Status, answer.Message)
			for _, said := range []string{answer.Message, lineWith(out.Logs(t, "INFO"), "The embedder")} {
				require.Contains(t, said, e.fingerprint)
				require.Regexp(t, fmt.Sprintf(`vector of %d dimensions in \d+ ms`, r.dimensions()), said)
			}
			require.Equal(t, 1, r.service.Counts().Texts)
			require.Empty(t, r.api.Collections(t), "check creates nothing")
		})
	}
}

// TestEmbeddersRefused: check says FAILED and write fails with a config_error, both
// name the setting, and neither shows the key, though the services repeat it.
func TestEmbeddersRefused(t *testing.T) {
	t.Parallel()
	said := func(status int, code, words string) embedtest.Fault {
		return embedtest.Status(status, code, words+": "+MarkedKey)
	}
	faults := map[string]struct {
		change func(*embedder)
		fault  *embedtest.Fault
		words  func(e embedder) []string
	}{
		"wrong key": {
			change: func(e *embedder) { e.service.APIKey = "another" },
			words:  func(e embedder) []string { return []string{"401", "embedding." + e.key} },
		},
		"wrong dimension": {
			change: func(e *embedder) {
				e.service.Shortens = false
				e.service.Dimensions = 12
			},
			words: func(embedder) []string { return []string{"dimensions"} },
		},
		"forbidden": {
			fault: new(said(403, "forbidden", "No access with")),
			words: func(e embedder) []string { return []string{"403", "embedding." + e.key} },
		},
		"no quota": {
			fault: new(said(429, "insufficient_quota", "insufficient_quota: you exceeded your current quota of")),
			words: func(embedder) []string { return []string{"429", "quota"} },
		},
		"no such model": {
			fault: new(said(404, "model_not_found", "The model does not exist for")),
			words: func(embedder) []string { return []string{"404", "embedding."} },
		},
		"a page": {
			fault: &embedtest.Fault{Body: "<html><body>Log in, " + MarkedKey + "</body></html>"},
			words: func(embedder) []string { return []string{"HTML"} },
		},
	}
	for name, e := range embedders() {
		for what, test := range faults {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				e := e
				if test.change != nil {
					test.change(&e)
				}
				r := e.start(t)
				fail := func() {
					if test.fault != nil {
						r.service.Fail(*test.fault)
					}
				}

				fail()
				answer, _ := r.check(t)
				fail()
				out := r.write(t, Note("s", 1, "x"), State("s", 1))

				words := test.words(e)
				out.Failed(t, "config_error", words...)
				require.Empty(t, out.States(t))
				require.Equal(t, "FAILED", answer.Status)
				for _, word := range words {
					require.Contains(t, answer.Message, word)
				}
				require.Empty(t, r.api.Stored(t))
			})
		}
	}
}

// bomb is a character that a service counts as more tokens than any text may have,
// so no way of cutting the text helps.
const bomb = "\U0001F4A3"

// TestRefusedTexts: a text that the service does not take is its record's fault.
func TestRefusedTexts(t *testing.T) {
	t.Parallel()
	const poison = "poison " + bomb
	isPoison := func(text string) bool { return strings.Contains(text, bomb) }
	tests := map[string]struct {
		change func(*embedder)
		fault  func(e *embedderRun) []embedtest.Fault
		reason string
	}{
		"refused": {
			change: func(e *embedder) { e.service.Refuse = isPoison },
		},
		"too long in any part": {
			change: func(e *embedder) {
				e.service.Window = 100
				e.service.Count = func(text string) int {
					if isPoison(text) {
						return 1000
					}
					return len(strings.Fields(text))
				}
			},
		},
		"a vector of zeros": {fault: zeroVector("text: " + poison)},
	}
	messages := []string{Note("s", 1, "one"), Note("s", 2, poison), Note("s", 3, "three"), State("s", 3)}
	for name, e := range embedders() {
		for what, test := range tests {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				e := e
				if test.change != nil {
					test.change(&e)
				}
				begin := func(edits ...func(object)) *embedderRun {
					r := e.start(t, edits...)
					if test.fault != nil {
						r.service.Fail(test.fault(r)...)
					}
					return r
				}

				r := begin(Skipping(1))
				out := r.write(t, messages...).Succeeded(t)
				require.Equal(t, []string{"text: one", "text: three"}, Texts(r.api.Stored(t), "text"))
				r.requireVectors(t)
				stats := out.Stats(t)
				require.EqualValues(t, 1, stats[0].RejectedRecordCount)
				require.EqualValues(t, 2, stats[0].RecordCount)
				warning := lineWith(out.Logs(t, "WARN"), "record rejected")
				require.Contains(t, warning, "line=2")
				require.Contains(t, warning, "stream=s")

				r = begin()
				out = r.write(t, messages...)
				out.Failed(t, "config_error", "line 2", "processing.rejected_records")
				require.Empty(t, out.States(t))
			})
		}
	}
}

// zeroVector replaces the vector of one text by zeros, in whatever form it is sent.
func zeroVector(text string) func(r *embedderRun) []embedtest.Fault {
	return func(r *embedderRun) []embedtest.Fault {
		dimensions := r.dimensions()
		vector, zeros := embedtest.Vectors([]string{text}, dimensions)[0], make(embed.Vector, dimensions)
		forms, _ := json.Marshal([]any{vector, zeros})
		var floats []json.RawMessage
		_ = json.Unmarshal(forms, &floats)
		replace := strings.NewReplacer(embedtest.Base64(vector), embedtest.Base64(zeros),
			string(floats[0]), string(floats[1]))
		return []embedtest.Fault{{Bend: func(body []byte) []byte { return []byte(replace.Replace(string(body))) }}}
	}
}
