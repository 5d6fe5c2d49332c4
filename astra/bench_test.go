package astra_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"destination-astra/astra"
)

// article is a document of dimension 1536 whose JSON is ready, so that the benchmark
// measures the client and not the encoding of vectors.
type article struct {
	id   string
	text []byte
}

func (a *article) ID() string                   { return a.id }
func (a *article) AppendJSON(dst []byte) []byte { return append(dst, a.text...) }

func BenchmarkInsertMany100x1536(b *testing.B) {
	vector := packed(make([]float32, 1536))
	docs := make([]astra.Document, astra.MaxInsertDocuments)
	var lines []string
	for i := range docs {
		id := fmt.Sprintf("%064d", i)
		docs[i] = &article{id, fmt.Appendf(nil, `{"_id":%q,"$vector":%s,"text":%q}`,
			id, vector, strings.Repeat("text ", 320))}
		lines = append(lines, fmt.Sprintf(`{"_id":%q,"status":"OK"}`, id))
	}
	stored := `{"status":{"documentResponses":[` + strings.Join(lines, ",") + `]}}`
	collection := articles(b, roundTripper(func(req *http.Request) (*http.Response, error) {
		n, err := io.Copy(io.Discard, req.Body)
		req.Body.Close()
		b.SetBytes(n)
		if err != nil {
			return nil, err
		}
		return reply(stored)(req, "")
	}))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := collection.InsertMany(b.Context(), docs); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindPageOf50(b *testing.B) {
	document := `{"_id":"` + strings.Repeat("0", 64) + `","_ab_generation_id":7,"_ab_text_hash":"` +
		strings.Repeat("1", 32) + `"}`
	body := `{"data":{"documents":[` + strings.Repeat(document+",", 49) + document + `],"nextPageState":null}}`
	collection := articles(b, roundTripper(func(req *http.Request) (*http.Response, error) {
		req.Body.Close()
		return reply(body)(req, "")
	}))
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := find(b.Context(), collection); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVectorFrom1536(b *testing.B) {
	vector := make([]float32, 1536)
	for i := range vector {
		vector[i] = float32(i) / 3000
	}
	for name, raw := range map[string]string{
		"binary": string(packed(vector)),
		"array":  strings.ReplaceAll(strings.Trim(fmt.Sprint(vector), " "), " ", ","),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := astra.VectorFrom([]byte(raw)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
