package chunk_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// published are the SHA-256 of the files that OpenAI publishes, as tiktoken names them (openai_public.py).
var published = map[string]string{
	"r50k_base":   "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
	"cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
	"o200k_base":  "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}

// readVocabulary returns the tokens of the encoding called name, in the order of their ranks.
func readVocabulary(t testing.TB, name string) []string {
	t.Helper()
	packed, err := os.ReadFile("ranks/" + name + ".ranks")
	require.NoError(t, err)
	var tokens []string
	for len(packed) > 0 {
		end := 1 + int(packed[0])
		tokens = append(tokens, string(packed[1:end]))
		packed = packed[end:]
	}
	return tokens
}

// TestRanksAreOpenAIs writes OpenAI's files again from the data: a line for each token, in base64 with its rank.
func TestRanksAreOpenAIs(t *testing.T) {
	for name, want := range published {
		hash := sha256.New()
		for rank, token := range readVocabulary(t, name) {
			fmt.Fprintf(hash, "%s %d\n", base64.StdEncoding.EncodeToString([]byte(token)), rank)
		}
		require.Equal(t, want, hex.EncodeToString(hash.Sum(nil)), name)
	}
}

// TestEncodeKnowsEveryToken encodes each token that is UTF-8 alone. It is itself, but for a few whose bytes the
// scanner takes apart; how many are themselves is tiktoken 0.9's answer.
func TestEncodeKnowsEveryToken(t *testing.T) {
	for name, want := range map[string]int{"r50k_base": 49_912, "cl100k_base": 99_483, "o200k_base": 198_424} {
		tokens, itself := tokenizer(t, name), 0
		for rank, token := range readVocabulary(t, name) {
			if ids := tokens.Encode(token); utf8.ValidString(token) && len(ids) == 1 {
				itself++
				require.Equal(t, rank, ids[0], "%s: %q", name, token)
			}
		}
		require.Equal(t, want, itself, name)
	}
}
