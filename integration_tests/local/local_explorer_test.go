package local_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// mapStreams are the streams of the collection that the explorer is shown, with the
// texts of their documents.
func mapStreams() []struct{ name, text string } {
	return []struct{ name, text string }{
		{"handbook", "How a new colleague gets a key, a desk and an account, part %d."},
		{"tickets", "The invoice of order %d does not match what was delivered."},
		{"releases", "Version %d loads twice as fast and asks for less memory."},
		{"blog", "Why we moved the archive, and what article %d has to do with it."},
	}
}

const (
	perStream  = 130
	mapVectors = 16
)

// loadMap inserts clusters of documents: one stream, one direction.
func (s localServer) loadMap(collection string) {
	s.t.Helper()
	s.must("default_keyspace", fmt.Sprintf(`{"createCollection":{"name":%q,"options":{"vector":{"dimension":%d},
		"indexing":{"deny":["text"]}}}}`, collection, mapVectors))
	random := rand.New(rand.NewPCG(1, 2))
	for at, stream := range mapStreams() {
		var documents []string
		for n := range perStream {
			vector := make([]string, mapVectors)
			for i := range vector {
				x := random.NormFloat64() * 0.35
				if i == at {
					x += 1.5
				}
				vector[i] = fmt.Sprintf("%.4f", x)
			}
			text := fmt.Sprintf(stream.text, n)
			documents = append(documents,
				fmt.Sprintf(`{"_id":"%s-%03d","_ab_stream":%q,"text":%q,"$lexical":%q,"$vector":[%s]}`,
					stream.name, n, stream.name, text, text, strings.Join(vector, ",")))
		}
		for len(documents) > 0 {
			batch := documents[:min(100, len(documents))]
			documents = documents[len(batch):]
			s.must("default_keyspace/"+collection, `{"insertMany":{"documents":[`+strings.Join(batch, ",")+`]}}`)
		}
	}
}

// TestExplorer looks at a collection through a browser, the way people do.
func TestExplorer(t *testing.T) {
	b := openBrowser(t)
	server := startLocal(t, localastra.Options{Memory: true, Explorer: true, Embed: oneDirection})
	server.loadMap("knowledge")
	server.writeArticles("articles")

	b.open(server.url + "/")
	b.shows(`[data-collection="default_keyspace/knowledge"]`, "knowledge\n520")
	b.shows(`[data-collection="default_keyspace/articles"]`, "articles\n5")

	lookAtDocuments(b)
	lookForDocuments(b)
	b.click(`[data-tab="map"]`)
	b.find(`#canvas[data-drawn="520"]`)
	b.shows("#legend", "blog\nhandbook\nreleases\ntickets")
	b.screenshot("explorer-map.png")

	require.Equal(t, true, b.run(
		"return performance.getEntriesByType('resource').every(e => e.name.startsWith(location.origin + '/'))"),
		"nothing was loaded from elsewhere")
	require.Empty(t, b.complaints())
}

// lookAtDocuments opens a collection, turns its pages and filters it.
func lookAtDocuments(b *browser) {
	b.click(`[data-collection="default_keyspace/knowledge"]`)
	b.shows("#settings", "16 dimensions")
	b.shows(".row:nth-child(50)", "handbook-049")
	b.screenshot("explorer-documents.png")
	b.click("#next:enabled")
	b.shows(".row:nth-child(50)", "handbook-099")
	b.click("#back:enabled")
	b.shows(".row:nth-child(50)", "handbook-049")
	b.enter("#filter-text", `{"_ab_stream":"blog"}`)
	b.click("#filter button")
	b.shows(".row:nth-child(1)", "blog-000")
	b.enter("#filter-text", `{"_ab_stream":`)
	b.click("#filter button")
	b.shows("#message", "JSON")
}

// lookForDocuments searches by text, by a document and by words.
func lookForDocuments(b *browser) {
	b.click(`[data-tab="search"]`)
	require.Equal(b.t, []any{"text", "words", "document", "vector"},
		b.run("return [...$('mode').options].map(o => o.value)"))
	b.enter("#query-text", "anything")
	b.click("#query button")
	b.shows(".hit:nth-child(1)", "handbook")
	b.click(".hit:nth-child(1)")
	b.shows("#detail-json", `"_ab_stream": "handbook"`)
	b.click("#similar")
	b.shows(".hit:nth-child(1) .score", "1.0000")
	b.shows(".hit:nth-child(20)", "handbook")
	b.screenshot("explorer-search.png")
	b.click("#close")
	b.click(`#mode option[value="words"]`)
	b.enter("#query-text", "invoice 77")
	b.click("#query button")
	b.shows(".hit:nth-child(1)", "order 77")
}

// oneDirection embeds every text as the middle of the first stream.
func oneDirection(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i := range vectors {
		vectors[i] = make([]float32, mapVectors)
		vectors[i][0] = 1
	}
	return vectors, nil
}

// TestExplorerShowsTextAsText stores HTML and wants to read it, not to run it.
func TestExplorerShowsTextAsText(t *testing.T) {
	b := openBrowser(t)
	server := startLocal(t, localastra.Options{Memory: true, Explorer: true})
	server.must("default_keyspace", `{"createCollection":{"name":"c"}}`)
	server.must("default_keyspace/c", `{"insertOne":{"document":{"_id":"<b>","_ab_stream":"<i>s</i>",
		"text":"<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"}}}`)
	b.open(server.url + "/#default_keyspace/c/documents")
	b.shows(".row", "<img src=x onerror=")
	b.click(".row")
	b.shows("#detail-json", "<script>")
	require.Equal(t, "Data API explorer", b.run("return document.title"))
	require.Empty(t, b.complaints())
}

// TestExplorerShowsAnyValue stores objects where texts are expected, with the names by which
// a browser would turn them into texts: one such document hid all of its page.
func TestExplorerShowsAnyValue(t *testing.T) {
	b := openBrowser(t)
	server := startLocal(t, localastra.Options{Memory: true, Explorer: true})
	server.must("default_keyspace", `{"createCollection":{"name":"c"}}`)
	server.must("default_keyspace/c", `{"insertMany":{"documents":[{"_id":1,"_ab_stream":{"toString":1},
		"text":{"toString":1,"valueOf":2}},{"_id":2,"text":[1,null]},{"_id":3,"text":false},{"_id":4,"text":"last"}]}}`)
	b.open(server.url + "/#default_keyspace/c/documents")
	b.shows("#rows", `{"toString":1,"valueOf":2}`)
	b.shows("#rows", "[1,null]")
	b.shows("#rows", "false")
	b.shows("#rows", "last")
	require.Empty(t, b.complaints())
}

// TestExplorerToken asks for the token once the server wants one.
func TestExplorerToken(t *testing.T) {
	b := openBrowser(t)
	server := startLocal(t, localastra.Options{Memory: true, Explorer: true, Token: "secret"})
	server.must("default_keyspace", `{"createCollection":{"name":"c"}}`)
	b.open(server.url + "/")
	b.shows("#message", "UNAUTHENTICATED_REQUEST")
	b.enter("#token", "secret")
	b.click("#login button")
	b.shows(`[data-collection="default_keyspace/c"]`, "c\n0")
}
