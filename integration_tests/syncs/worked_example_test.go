package syncs_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/localastra"
)

// article is a record of the worked example: paragraphs that are a chunk each, and
// an author, which is metadata.
func article(id int, author string, paragraphs ...string) string {
	text := ""
	for i, p := range paragraphs {
		if i > 0 {
			text += `\n\n`
		}
		text += p
	}
	return Record("articles", fmt.Sprintf(`{"id":%d,"author":%q,"text":"%s"}`, id, author, text))
}

// TestWorkedExample is the example of docs/sync-semantics.md, with its numbers.
func TestWorkedExample(t *testing.T) {
	t.Parallel()
	const (
		first  = "The ferry left the harbour long before the fog over the water had lifted at all."
		second = "Nobody on the pier could say which way it had turned after the second buoy."
		third  = "By noon the gulls had come back and the nets were drying along the wall."
		newer  = "The harbour master wrote down that it had turned north after the second buoy."
	)
	api := NewDataAPI(t, localastra.Options{})
	config := ConfigFor(api.URL, Set("processing", "chunk_size", 20),
		Set("processing", "metadata_fields", []string{"id", "author"}))
	j := NewJob(t, config, CatalogOf(StreamNamed("articles", "append_dedup")))
	j.Write(t, article(7, "Ann", first, second, third), article(8, "Bob", "Short."), State("articles", 1)).Succeeded(t)
	require.Len(t, api.Stored(t), 4, "3 of article 7, 1 of article 8")

	today := []string{
		article(7, "Ann", first, newer, third), article(8, "Eve", "Short."),
		article(9, "Dan", "A draft."), article(9, "Dan", "Published."), State("articles", 2),
	}
	stats := j.Write(t, today...).Succeeded(t).Stats(t)[0]
	require.Equal(t, 4.0, stats.RecordCount)
	require.Equal(t, 2.0, stats.AdditionalStats["embedded"])
	require.Equal(t, 1.0, stats.AdditionalStats["reused"])
	require.Equal(t, 2.0, stats.AdditionalStats["deleted"])
	require.Equal(t, []string{third, newer, "text: Published.", "text: Short.", "text: " + first},
		Texts(api.Stored(t), "text"))

	stats = j.Write(t, today...).Succeeded(t).Stats(t)[0]
	require.Equal(t, 4.0, stats.RecordCount)
	for _, name := range []string{"embedded", "reused", "deleted"} {
		require.Zero(t, stats.AdditionalStats[name], name)
	}
}
