package connector_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
)

// manyChunks is a text of so many chunks, one of which has another word.
func manyChunks(n, at int, word string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf("the part with the number %d", i)
	}
	parts[at] = word
	return strings.Join(parts, "\n\n")
}

// TestPartsBoundVectors: of a record with very many chunks only some vectors are held.
func TestPartsBoundVectors(t *testing.T) {
	const chunks = 700
	onBothBackends(t, func(w *world) {
		w.edits["processing.chunk_size"] = 10
		lead := &vectorLead{world: w}
		r := w.sync(attempt{
			streams: []configured{stream("s", toDedup, key("id"))}, network: lead, memory: 1,
			lines: []string{row("s", 1, manyChunks(chunks, 0, "the very first part of it")), globalState(1)},
		})
		require.GreaterOrEqual(w.t, r.Embedded, int64(chunks))
		require.EqualValues(w.t, r.Embedded, r.inserted())
		require.Equal(w.t, []int{1}, r.numbers())
		require.Less(w.t, lead.most, chunks/2)
	})
}

// vectorLead sees how many vectors there are of documents that are not stored.
type vectorLead struct {
	world          *world
	inserted, most int
}

func (l *vectorLead) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(body, []byte(`{"insertMany"`)) {
		l.most = max(l.most, l.world.embedder.Counts().Texts-l.inserted)
		l.inserted += bytes.Count(body, []byte(`"_id"`))
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return l.world.server.Transport().RoundTrip(r)
}

// TestPartsOfARejectedRecord: when a late part of a record is refused, nothing of the
// earlier ones stays, and its previous version does.
func TestPartsOfARejectedRecord(t *testing.T) {
	const chunks = 350
	tests := map[string]struct {
		at       int
		byServer bool
	}{
		"the server refuses one of the first":  {2, true},
		"the server refuses one of the last":   {chunks - 2, true},
		"the embedder refuses one of the last": {chunks - 2, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 10
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip"}
				w.embedder = embedtest.NewServer(embedtest.Options{
					Dimensions: dimensions,
					Refuse:     func(text string) bool { return !test.byServer && strings.Contains(text, "poison") },
				})
				a := attempt{streams: []configured{stream("s", toDedup, key("id"))}, memory: 1}
				a.lines = []string{row("s", 1, "old"), row("s", 2, "other")}
				w.sync(a)
				if test.byServer {
					w.server.Control("insertMany", w.refuseTexts("poison"))
				}
				a.lines = []string{row("s", 1, manyChunks(chunks, test.at, "poison")), row("s", 3, "next"), globalState(1)}
				r := w.sync(a)
				require.EqualValues(w.t, 1, r.Rejected)
				require.Equal(w.t, []string{"next", "old", "other"}, w.texts())
				require.Equal(w.t, []int{1}, r.numbers())
			})
		})
	}
}
