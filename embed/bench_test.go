package embed_test

import (
	"context"
	"strings"
	"testing"

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
	for name, base64 := range map[string]bool{"base64": true, "floats": false} {
		b.Run(name, func(b *testing.B) {
			reply := embedtest.Reply("m", vectors, base64, 1)
			b.SetBytes(int64(len(reply)))
			b.ReportAllocs()
			for b.Loop() {
				_, _, err := embed.DecodeEmbeddings(reply, len(vectors), 1536)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(vectors)), "us/vector")
		})
	}
}
