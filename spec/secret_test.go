package spec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"destination-astra/spec"
)

const hush = "hush-7f3a"

// secretive holds every secret that a Config can hold.
func secretive() *spec.Config {
	return &spec.Config{
		Embedding: spec.Embedding{Mode: spec.ModeOpenAI, OpenAIKey: hush, CohereKey: hush, APIKey: hush},
		Indexing:  spec.Indexing{Token: hush, Collection: "articles"},
	}
}

// rendered says how many secrets are redacted in what was printed, and that none is shown.
func rendered(t *testing.T, text string) int {
	t.Helper()
	lower := strings.ToLower(text)
	for _, form := range []string{hush, fmt.Sprintf("%x", hush)} {
		assert.NotContains(t, lower, form)
	}
	return strings.Count(text, "[redacted]")
}

func TestSecretFormats(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%30v", "%-5s", "%U", "%t"} {
		for name, value := range map[string]any{
			"secret": spec.Secret(hush), "pointer's target": *new(spec.Secret(hush)),
			"list": []spec.Secret{hush}, "map": map[string]spec.Secret{"k": hush},
		} {
			assert.Equal(t, 1, rendered(t, fmt.Sprintf(verb, value)), "%s of a %s", verb, name)
		}
		assert.Equal(t, 4, rendered(t, fmt.Sprintf(verb, *secretive())), verb)
		assert.Equal(t, 4, rendered(t, fmt.Sprintf(verb, secretive())), verb)
	}
	assert.Equal(t, "[redacted]", spec.Secret(hush).String())
	assert.Equal(t, "[redacted]", spec.Secret("").String())
	assert.Equal(t, "[redacted]", spec.Secret(hush).GoString())
	assert.Equal(t, 4, rendered(t, fmt.Sprint(secretive())))
	assert.Equal(t, 1, rendered(t, fmt.Errorf("with %v", spec.Secret(hush)).Error()))
}

func TestSecretMarshals(t *testing.T) {
	data, err := json.Marshal(secretive())
	require.NoError(t, err)
	assert.Equal(t, 4, rendered(t, string(data)))
	text, err := spec.Secret(hush).MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "[redacted]", string(text))
}

func TestSecretLogs(t *testing.T) {
	handlers := map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(handler(&out))
			log.Info("start", "config", secretive(), "copy", *secretive(), "key", spec.Secret(hush),
				slog.Group("g", "token", secretive().Indexing.Token))
			log.With("embedding", secretive().Embedding).Info(secretive().Indexing.Token.String())
			// A text handler prints a pointer's fields too, so both forms count 4.
			assert.Equal(t, 4+4+1+1+3+1, rendered(t, out.String()), out.String())
		})
	}
}

func TestSecretReveals(t *testing.T) {
	assert.Equal(t, hush, spec.Secret(hush).Reveal())
	assert.True(t, spec.Secret(hush).IsSet())
	assert.False(t, spec.Secret("").IsSet())
}

// Whatever is wrong round a secret, no error and no warning quotes it.
func TestErrorsHideSecrets(t *testing.T) {
	embedding := func(mode, key string, value any) edits {
		return edits{"embedding": map[string]any{"mode": mode, key: value, "api_base": hush,
			"base_url": "https://" + hush + "@example.com", "dimensions": hush}}
	}
	tests := map[string]edits{
		"openai list":       embedding("openai", "openai_key", []string{hush}),
		"openai object":     embedding("openai", "openai_key", map[string]any{hush: hush}),
		"cohere":            embedding("cohere", "cohere_key", []string{hush}),
		"azure":             embedding("azure_openai", "openai_key", hush),
		"compatible":        embedding("openai_compatible", "api_key", []string{hush}),
		"fake":              embedding("fake", "openai_key", hush),
		"token as a list":   {"indexing.astra_db_app_token": []string{hush}},
		"token of another":  {"indexing.astra_db_app_token": hush},
		"token as the URL":  {"indexing.astra_db_endpoint": "AstraCS:" + hush},
		"password in a URL": {"indexing.astra_db_endpoint": "https://me:" + hush + "@example.com"},
		"broken URL":        {"indexing.astra_db_endpoint": "https://me:" + hush + "@%zz"},
		"token in a query":  {"indexing.astra_db_endpoint": "https://example.com/?token=" + hush},
		"unknown property":  {"token": hush},
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			_, warnings, err := spec.Parse(edited(t, e))
			require.True(t, err != nil || len(warnings) > 0)
			rendered(t, fmt.Sprintf("%v %+v %#v %v", err, err, err, warnings))
		})
	}
	_, _, err := spec.Parse([]byte(`{"embedding": {"openai_key": "` + hush + `"`))
	rendered(t, err.Error())
}
