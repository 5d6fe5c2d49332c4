package embed_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// TestRepeatedSecrets: a service repeats what it was sent. Short keys, as of a service on the
// same machine, guard nothing, and shred no message.
func TestRepeatedSecrets(t *testing.T) {
	t.Parallel()
	basic := base64.StdEncoding.EncodeToString([]byte("user:password"))
	tests := map[string]struct{ base, key, said, want string }{
		"short key":            {"https://h/v1", "local", "the local model", "the local model"},
		"eight characters":     {"https://h/v1", "localkey", "bad localkey, localkeys", "bad [redacted], localkeys"},
		"long key in a word":   {"https://h/v1", "sk-0123456789abc", "xsk-0123456789abcx", "x[redacted]x"},
		"password":             {"https://user:password@h/v1", "", "password of user", "[redacted] of user"},
		"login of the header":  {"https://user:password@h/v1", "", "Basic " + basic, "Basic [redacted]"},
		"key for a user":       {"https://sk-user-key@h/v1", "", "no sk-user-key", "no [redacted]"},
		"short password stays": {"https://user:model@h/v1", "", "no such model", "no such model"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := embedtest.NewServer(embedtest.Options{Dimensions: 8, AnyKey: true})
			e := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) { o.BaseURL, o.APIKey = test.base, test.key })
			server.Fail(embedtest.Status(http.StatusUnauthorized, "", test.said))
			_, err := e.Embed(t.Context(), []string{"a"})
			require.Equal(t, test.want, requireError(t, err).Message)
		})
	}
}
