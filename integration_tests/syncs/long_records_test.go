package syncs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
)

// TestLongRecordsRepeatLittle writes two texts of 400 KB in chunks of 100 tokens, with all
// fields as metadata. What is stored is a few times the texts, and not their square; the write
// says so once, and plan beforehand.
func TestLongRecordsRepeatLittle(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("some words of a text ", 400_000/21)
	record := func(id int) string {
		return Record("s", fmt.Sprintf(`{"id":%d,"country":"GB","body":%q}`, id, text))
	}
	j := NewJob(t, ConfigFor("local:data", Set("processing", "chunk_size", 100), Set("processing", "text_fields", []string{"body"}),
		Set("processing", "metadata_fields", []string{})), CatalogOf(StreamNamed("s", "append_dedup")))
	input := []string{record(1), record(2), State("s", 1)}
	plan := RunIn(t, j.Dir, strings.NewReader(Lines(input...)), append([]string{"plan"}, j.Args()[1:]...)...)
	require.Zero(t, plan.Code)
	require.Contains(t, plan.Stdout, "2 of the records have too many chunks to repeat all of their fields")

	r := j.Write(t, input...).Succeeded(t)
	require.Equal(t, 1, strings.Count(r.Logs(t, "WARN"), "too many chunks to repeat all of its fields"))
	require.Contains(t, r.Logs(t, "WARN"), "fields=_ab_long")
	stored := StoredIn(t, j.Dir+"/data")
	require.Greater(t, len(stored), 1500)
	whole, bytes := 0, 0
	for _, d := range stored {
		require.Equal(t, "GB", d.Text("country"))
		bytes += len(ToJSON(t, d))
		if d["_ab_long"] != nil {
			whole++
			require.Equal(t, "0", ToJSON(t, d["_ab_chunk_index"]))
		}
	}
	require.Equal(t, 2, whole, "one document of each record has its text")
	require.Less(t, bytes, 60*len(text), "of which vectors are the most")
}
