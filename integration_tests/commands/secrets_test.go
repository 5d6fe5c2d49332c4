package commands_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// markedToken is one that no output may hold.
const markedToken = "AstraCS:MARKEDtoken:0123456789abcdef"

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
	service := httptest.NewServer(embedtest.NewServer(embedtest.Options{APIKey: MarkedKey, Dimensions: 8}))
	t.Cleanup(service.Close)
	open := NewDataAPI(t, localastra.Options{Token: markedToken}).URL
	closed := NewDataAPI(t, localastra.Options{Token: "AstraCS:other"}).URL
	tests := map[string]struct {
		api, service string
		edits        []func(object)
	}{
		"all is well":         {open, service.URL, nil},
		"token refused":       {closed, service.URL, nil},
		"Data API repeats it": {echo.URL, service.URL, nil},
		"service repeats it":  {open, echo.URL, nil},
		"nobody listens":      {open, "http://127.0.0.1:1", nil},
		"settings are wrong":  {open, service.URL, []func(object){Set("processing", "chunk_size", -1)}},
		"a secret of wrong type": {
			open, service.URL, []func(object){Set("indexing", "astra_db_app_token", []string{markedToken})},
		},
		"token in the endpoint": {"http://" + MarkedKey + "@127.0.0.1:1", service.URL, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := ConfigFor(test.api, append([]func(object){
				Set("indexing", "astra_db_app_token", markedToken),
				func(c object) {
					EmbeddingAt(test.service, 8)(c)
					Set("embedding", "api_key", MarkedKey)(c)
				}}, test.edits...)...)
			j := NewJob(t, config, CatalogOf(StreamNamed("s", "append")))
			talkative := []string{"LOG_LEVEL=trace"}

			checked := RunEnv(t, j.Dir, talkative, nil, "check", "--config", j.Config)
			written := RunEnv(t, j.Dir, talkative, strings.NewReader(Lines(Note("s", 1, "x"), State("s", 1))), j.Args()...)

			for _, output := range []string{checked.Stdout, checked.Stderr, written.Stdout, written.Stderr} {
				require.NotContains(t, output, "MARKED")
			}
			require.NotEmpty(t, written.Stdout)
		})
	}
}
