package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
	"destination-astra/document"
)

// benchRecord is 2.8 KB of JSON with 1.6 KB of text, as in many exports.
func benchRecord() string {
	const sentence = `The ferry left the harbor before the fog had lifted, and nobody on the \"pier\" could say why.\n`
	var b strings.Builder
	fmt.Fprintf(&b, `{"id":123456,"title":"A record","body":"%s"`, strings.Repeat(sentence, 17))
	for i := range 20 {
		fmt.Fprintf(&b, `,"field_%d":"value number %d","number_%d":%d.25`, i, i, i, i)
	}
	b.WriteString(`,"address":{"city":"Łódź","zip":"90-001","geo":[51.75,19.45]},"tags":["a","b","c"]}`)
	return b.String()
}

func BenchmarkBuild(b *testing.B) {
	counter, err := chunk.NewTokenizer("gpt2")
	require.NoError(b, err)
	split := splitter(b, chunk.Options{ChunkSize: 1000, Counter: counter})
	for name, o := range map[string]document.Options{
		"AllFields": {Indexing: denied, Embedder: "fake/1536", Dimension: 1536},
		"Selected": {
			Indexing: denied, Embedder: "fake/1536", Dimension: 1536,
			TextFields: []string{"title", "body"}, MetadataFields: []string{"id", "address.city", "tags.*"},
		},
		"Split": {Indexing: denied, Splitter: split, TextFields: []string{"title", "body"}},
	} {
		b.Run(name, func(b *testing.B) {
			builder := newBuilder(b, o)
			record, s := data(benchRecord()), keyed("s", "id")
			b.SetBytes(int64(len(record.Data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := builder.Build(s, record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	record := build(b, newBuilder(b, document.Options{Indexing: denied}), keyed("s", "id"), benchRecord())
	vector := make([]float32, 1536)
	for i := range vector {
		vector[i] = float32(i) / 1536
	}
	buf := record.Documents[0].AppendJSON(nil, vector)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = record.Documents[0].AppendJSON(buf[:0], vector)
	}
}

// BenchmarkManyFields makes a builder of a hundred thousand metadata fields, and a record of it.
func BenchmarkManyFields(b *testing.B) {
	fields := make([]string, 100_000)
	for i := range fields {
		fields[i] = fmt.Sprintf("field%d", i)
	}
	b.Run("builder", func(b *testing.B) {
		for b.Loop() {
			newBuilder(b, document.Options{MetadataFields: fields})
		}
	})
	builder := newBuilder(b, document.Options{MetadataFields: fields})
	b.Run("record", func(b *testing.B) {
		for b.Loop() {
			build(b, builder, keyed("s", "id"), `{"id":1,"field7":"x","text":"y","other":2,"more":3}`)
		}
	})
}
