package chunk_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
)

// prose returns some 100 KB of the English golden texts.
func prose(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for b.Len() < 100_000 {
		for _, c := range readGolden[chunkingCase](t, "testdata/chunking.jsonl.gz") {
			if strings.HasPrefix(c.ID, "sep-default/en/") {
				b.WriteString(c.Text)
				b.WriteString("\n\n")
			}
		}
	}
	return b.String()[:100_000]
}

func BenchmarkSplit(b *testing.B) {
	text := prose(b)
	for name, text := range map[string]string{
		"prose": text, "record": text[:1600], "short": text[:800],
		"no spaces": strings.Repeat("abcdefghij", 10_000),
	} {
		b.Run(name, func(b *testing.B) {
			benchmarkSplit(b, chunk.Options{ChunkOverlap: 100}, text)
		})
	}
}

// BenchmarkModes compares the default splitter with mode stable: benchstat -col /mode.
func BenchmarkModes(b *testing.B) {
	text := prose(b)
	for _, mode := range []chunk.Mode{chunk.Separator, chunk.Stable} {
		for _, size := range []int{200, 1000} {
			for name, text := range map[string]string{
				"prose": text, "record": text[:1600], "no spaces": strings.Repeat("abcdefghij", 10_000),
			} {
				b.Run(fmt.Sprintf("text=%s/size=%d/mode=%s", name, size, mode), func(b *testing.B) {
					benchmarkSplit(b, chunk.Options{Mode: mode, ChunkSize: size}, text)
				})
			}
		}
	}
}

func benchmarkSplit(b *testing.B, o chunk.Options, text string) {
	o.Counter = tokenizer(b, "gpt2")
	splitter, err := chunk.NewSplitter(o)
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		splitter.Split(text)
	}
}

func BenchmarkCount(b *testing.B) {
	text := prose(b)
	for _, name := range []string{"gpt2", "cl100k_base", "o200k_base"} {
		b.Run(name, func(b *testing.B) {
			tokens := tokenizer(b, name)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				tokens.Count(text)
			}
		})
	}
	b.Run("one long word", func(b *testing.B) {
		tokens := tokenizer(b, "gpt2")
		word := strings.Repeat("abcdefghij", 10_000)
		b.SetBytes(int64(len(word)))
		b.ReportAllocs()
		for b.Loop() {
			tokens.Count(word)
		}
	})
}

// BenchmarkFirstCount loads a vocabulary, if nothing in the process has loaded it before: run it with
// -benchtime 1x, and as often as you like, but not with -count. held-B is what stays in memory.
func BenchmarkFirstCount(b *testing.B) {
	for _, name := range []string{"gpt2", "cl100k_base", "o200k_base"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			before := heapBytes()
			for b.Loop() {
				tokenizer(b, name).Count("The ferry left before the fog had lifted.")
			}
			b.ReportMetric(max(0, float64(heapBytes())-float64(before)), "held-B")
		})
	}
}

// heapBytes is how much of the heap is in use.
func heapBytes() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
