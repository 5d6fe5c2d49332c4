package embed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sashabaranov/go-openai"
	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

func BenchmarkFake(b *testing.B) {
	texts := map[string]string{
		"english 1KB": strings.Repeat("The old ferry leaves the quiet harbour at dawn. ", 30)[:1024],
		"german 1KB":  strings.Repeat("Die alte Fähre verlässt den stillen Hafen um fünf Uhr. ", 30)[:1024],
		"chinese 1KB": strings.Repeat("老渡船在清晨的雾里慢慢离开码头,", 30)[:1024],
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			fake := embed.NewFake()
			batch := []string{text}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = fake.Embed(context.Background(), batch)
			}
		})
	}
}

// BenchmarkDecode reports per reply of 100 vectors of 1536 dimensions.
func BenchmarkDecode(b *testing.B) {
	texts := strings.Split(strings.Repeat("the old ferry ", 33)+"leaves", " ")
	vectors := embedtest.Vectors(texts, 1536)
	decoders := map[string]struct {
		reply  []byte
		decode func([]byte, int, int) ([]embed.Vector, int64, error)
	}{
		"openai base64": {embedtest.Reply("", vectors, true, 1), embed.DecodeEmbeddings},
		"openai floats": {embedtest.Reply("", vectors, false, 1), embed.DecodeEmbeddings},
		"cohere base64": {embedtest.CohereReply(texts, vectors, "base64", 1), embed.DecodeCohere},
		"cohere floats": {embedtest.CohereReply(texts, vectors, "float", 1), embed.DecodeCohere},
	}
	for name, d := range decoders {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(d.reply)))
			b.ReportAllocs()
			for b.Loop() {
				_, _, err := d.decode(d.reply, len(vectors), 1536)
				require.NoError(b, err)
			}
			perVector(b, len(vectors))
		})
	}
}

// BenchmarkDecodeAsGoOpenAI is the way that the decoder replaces: go-openai's types
// filled by encoding/json.
func BenchmarkDecodeAsGoOpenAI(b *testing.B) {
	texts := strings.Split(strings.Repeat("the old ferry ", 33)+"leaves", " ")
	vectors := embedtest.Vectors(texts, 1536)
	b.Run("base64", func(b *testing.B) {
		reply := embedtest.Reply("", vectors, true, 1)
		b.ReportAllocs()
		for b.Loop() {
			var r openai.EmbeddingResponseBase64
			require.NoError(b, json.Unmarshal(reply, &r))
			_, err := r.ToEmbeddingResponse()
			require.NoError(b, err)
		}
		perVector(b, len(vectors))
	})
	b.Run("floats", func(b *testing.B) {
		reply := embedtest.Reply("", vectors, false, 1)
		b.ReportAllocs()
		for b.Loop() {
			var r openai.EmbeddingResponse
			require.NoError(b, json.Unmarshal(reply, &r))
		}
		perVector(b, len(vectors))
	})
}

func perVector(b *testing.B, vectors int) {
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*vectors), "us/vector")
}

// BenchmarkEmbed is everything but the network: packing, pace, request and reply, for
// 1000 texts of 1.6 KB and vectors of 1536 dimensions.
func BenchmarkEmbed(b *testing.B) {
	texts := make([]string, 1000)
	for i := range texts {
		texts[i] = strings.Repeat("The old ferry leaves the quiet harbour at dawn. ", 34)
	}
	reply := embedtest.Reply("", embedtest.Vectors(texts[:100], 1536), true, 1)
	e, err := embed.NewOpenAI(embed.OpenAIOptions{
		APIKey: "k", Common: embed.Common{Transport: canned(reply), MaxTexts: 100},
	})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, err := e.Embed(b.Context(), texts)
		require.NoError(b, err)
	}
	perVector(b, len(texts))
}

// canned answers every request with the same bytes.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(c)), Request: r}, nil
}
