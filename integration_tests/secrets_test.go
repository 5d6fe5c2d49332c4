package integration_tests

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// Marks that no output may hold.
const (
	markedToken = "AstraCS:MARKEDtoken:0123456789abcdef"
	markedKey   = "sk-MARKEDkey-0123456789"
)

// TestSecretsAreNeverPrinted, whatever fails, at the most talkative log level. The
// services below repeat what they are sent, as some do in their error messages.
func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		said := strings.Join(append(r.Header["Token"], r.Header["Authorization"]...), " ")
		_, _ = w.Write([]byte(`{"errors":[{"errorCode":"BAD","title":"Bad ` + said + `","message":"You sent ` + said +
			`"}],"error":{"message":"Incorrect API key provided: ` + said + `","code":"invalid_api_key"}}`))
	}))
	t.Cleanup(echo.Close)
	service := httptest.NewServer(embedtest.NewServer(embedtest.Options{APIKey: markedKey, Dimensions: 8}))
	t.Cleanup(service.Close)
	open := newDataAPI(t, localastra.Options{Token: markedToken}).url
	closed := newDataAPI(t, localastra.Options{Token: "AstraCS:other"}).url
	tests := map[string]struct {
		api, service string
		edits        []func(object)
	}{
		"all is well":         {open, service.URL, nil},
		"token refused":       {closed, service.URL, nil},
		"Data API repeats it": {echo.URL, service.URL, nil},
		"service repeats it":  {open, echo.URL, nil},
		"nobody listens":      {open, "http://127.0.0.1:1", nil},
		"settings are wrong":  {open, service.URL, []func(object){set("processing", "chunk_size", -1)}},
		"a secret of wrong type": {
			open, service.URL, []func(object){set("indexing", "astra_db_app_token", []string{markedToken})},
		},
		"token in the endpoint": {"http://" + markedKey + "@127.0.0.1:1", service.URL, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := configFor(test.api, append([]func(object){
				set("indexing", "astra_db_app_token", markedToken),
				func(c object) {
					embeddingAt(test.service, 8)(c)
					set("embedding", "api_key", markedKey)(c)
				}}, test.edits...)...)
			j := newJob(t, config, catalogOf(streamNamed("s", "append")))
			talkative := []string{"LOG_LEVEL=trace"}

			checked := runEnv(t, j.dir, talkative, nil, "check", "--config", j.config)
			written := runEnv(t, j.dir, talkative, strings.NewReader(lines(note("s", 1, "x"), state("s", 1))), j.args()...)

			for _, output := range []string{checked.stdout, checked.stderr, written.stdout, written.stderr} {
				require.NotContains(t, output, "MARKED")
			}
			require.NotEmpty(t, written.stdout)
		})
	}
}
