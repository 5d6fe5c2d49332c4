package commands_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
)

// Secrets that a hostile server gets, and repeats.
const (
	hostileToken = "AstraCS:MARKEDidMARKEDid:MARKEDsecret0123456789abcdef"
	hostileKey   = "sk-MARKEDkeyMARKEDkey0123456789"
)

// steering is what a terminal obeys: its title is changed, a line is cleared, a text turned.
const steering = "\x1b]0;owned\x07\u009b2K\u202e"

// hostile is a Data API and an embedding service that repeats the secrets of each request in all
// that it says, each time in another order, so that each spelling is cut somewhere.
type hostile struct {
	answer func(h *hostile, w http.ResponseWriter, said string, command string)
	turn   int
}

func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body map[string]json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body) // what is no command is answered as well
	command := "embed"
	for name := range body {
		if name != "input" && name != "model" && name != "encoding_format" && name != "dimensions" {
			command = name
		}
	}
	var spellings []string
	for _, secret := range []string{r.Header.Get("Token"), r.Header.Get("Authorization")} {
		if secret != "" {
			spellings = append(spellings, spell(secret)...)
		}
	}
	h.turn++
	from := h.turn % max(len(spellings), 1)
	h.answer(h, w, strings.Join(append(spellings[from:], spellings[:from]...), " | "), command)
}

func spell(secret string) []string {
	quoted, _ := json.Marshal(secret)
	again, _ := json.Marshal(string(quoted))
	return []string{
		secret, url.QueryEscape(url.QueryEscape(secret)), base64.StdEncoding.EncodeToString([]byte(secret)),
		strings.ToLower(strings.NewReplacer(":", ".", "-", "_").Replace(secret)), string(again),
		hex.EncodeToString([]byte(secret)), secret[:len(secret)*2/3] + "...",
	}
}

func respond(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that is gone needs none
}

// plausible answers as a Data API would, so that a command goes on and meets the rest.
func plausible(_ *hostile, w http.ResponseWriter, said, command string) {
	document := object{
		"_id": "x", "_ab_stream": "s", "_ab_record_id": "s_" + steering + said, "_ab_embedder": said, "text": steering + said,
		"_ab_generation_id": 1, "$similarity": 0.5, "a " + said: said,
	}
	switch command {
	case "findCollections":
		respond(w, http.StatusOK, object{"status": object{"collections": []object{{"name": "articles", "options": object{
			"vector":   object{"dimension": 8, "metric": said, "service": object{"provider": said, "modelName": said}},
			"indexing": object{"deny": []string{said, "text"}}}}}}})
	case "find":
		respond(w, http.StatusOK, object{"data": object{"documents": []object{document}, "nextPageState": nil}})
	case "insertMany":
		respond(w, http.StatusOK, object{"status": object{"insertedIds": []string{"_ab_check"},
			"documentResponses": []object{{"_id": "_ab_check", "status": "OK"}}}})
	case "embed":
		respond(w, http.StatusOK, object{"model": said, "data": []object{{"index": 0, "embedding": []float64{1, 0, 0, 0, 0, 0, 0, 0}}}})
	default:
		respond(w, http.StatusOK, object{"status": object{"deletedCount": 0, "matchedCount": 0, "modifiedCount": 0, "ok": 1}})
	}
}

// TestHostileServer drives every command against services that repeat its secrets wherever they
// can, and search against plausible documents as well: no line shows one, or a usable part of one, nor anything that steers a terminal. Records
// and states are data and not looked at.
func TestHostileServer(t *testing.T) {
	t.Parallel()
	answers := map[string]func(h *hostile, w http.ResponseWriter, said, command string){
		"errors": func(_ *hostile, w http.ResponseWriter, said, command string) {
			status := http.StatusOK
			if command == "embed" {
				status = http.StatusBadRequest // what fails with a 200 is repeated for long
			}
			respond(w, status, object{"errors": []object{{"id": said, "family": "REQUEST " + said, "scope": said,
				"errorCode": said, "title": said, "message": steering + said, "documentIds": []string{said}}},
				"error": object{"message": said, "code": said, "type": said}})
		},
		"refusals": func(_ *hostile, w http.ResponseWriter, said, _ string) {
			respond(w, http.StatusUnauthorized, object{"errors": []object{{"errorCode": said, "message": said}},
				"error": object{"message": said, "code": said, "type": said}})
		},
		"a page": func(_ *hostile, w http.ResponseWriter, said, _ string) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, strings.Repeat("no ", 40)+steering+said)
		},
		"a redirect": func(_ *hostile, w http.ResponseWriter, said, _ string) {
			host := regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(said[:60], "-")
			w.Header().Set("Location", "https://"+host+".example/"+url.PathEscape(said)+"?"+url.QueryEscape(said))
			w.WriteHeader(http.StatusFound)
		},
		"plausible": plausible,
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(&hostile{answer: answer})
			t.Cleanup(server.Close)
			config := ConfigFor(server.URL, Set("indexing", "astra_db_app_token", hostileToken),
				Set("indexing", "collection", "articles"), func(c object) {
					EmbeddingAt(server.URL, 8)(c)
					Set("embedding", "api_key", hostileKey)(c)
				})
			j := NewJob(t, config, CatalogOf(StreamNamed("s", "append_dedup")))
			input := Lines(Note("s", 1, "x"+steering), State("s", 1))
			for command, args := range map[string][]string{
				"check": {}, "discover": {}, "search": {"words"}, "write": {"--catalog", j.Catalog}, "read": {"--catalog", j.Catalog},
				"plan": {"--catalog", j.Catalog}, "verify": {"--catalog", j.Catalog}, "verify --json": {"--catalog", j.Catalog},
			} {
				if name == "plausible" && command != "search" {
					continue // nothing is ever as it was written, and there is always one stream more
				}
				args = append(append(strings.Fields(command), "--config", j.Config), args...)
				r := RunIn(t, j.Dir, strings.NewReader(input), args...)
				shown := withoutData(r.Stdout) + r.Stderr
				require.NotEmpty(t, r.Stdout+r.Stderr, command)
				require.NotContains(t, shown, "configuration has errors")
				requireNoMarks(t, shown, command)
				if !strings.HasPrefix(shown, "{") {
					require.NotRegexp(t, "[\x1b\x07\u009b\u202e]", shown, command)
				}
			}
		})
	}
}

// withoutData is what is printed but for records and states.
func withoutData(stdout string) string {
	var rest strings.Builder
	for line := range strings.Lines(stdout) {
		if !strings.HasPrefix(line, `{"type":"RECORD"`) && !strings.HasPrefix(line, `{"type":"STATE"`) {
			rest.WriteString(line)
		}
	}
	return rest.String()
}

// requireNoMarks looks for pieces of the secrets in any case, punctuation and spelling.
func requireNoMarks(t *testing.T, shown, command string) {
	t.Helper()
	letters := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(shown), "")
	for _, secret := range []string{hostileToken, hostileKey} {
		pieces := []string{"markedid", "markedsecret", "markedkeym"}
		for _, encoded := range []string{base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))} {
			pieces = append(pieces, strings.ToLower(encoded[14:28]))
		}
		for _, piece := range pieces {
			require.NotContains(t, letters, piece, "%s:\n%s", command, shown)
		}
	}
}
