package histories_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/localastra"
)

// snapshot is the whole collection by _id, vectors included, read without a socket.
func snapshot(t *testing.T, server *localastra.Server) map[string]Document {
	t.Helper()
	return read(t, server, object{"projection": object{"*": 1}})
}

// read returns what a find finds, all pages of it.
func read(t *testing.T, server *localastra.Server, find object) map[string]Document {
	t.Helper()
	client := &http.Client{Transport: server.Transport()}
	all := map[string]Document{}
	for {
		a := Command(t, client, "http://local/v1/default_keyspace/"+Collection, "any", object{"find": find})
		for _, raw := range a.Data.Documents {
			d := DecodeDocument(t, raw)
			all[ToJSON(t, d["_id"])] = d
		}
		if a.Data.NextPageState == nil {
			return all
		}
		find["options"] = object{"pageState": *a.Data.NextPageState}
	}
}

// withoutRun removes what differs between two runs of the same sync: marks, the attempt's nonce
// and, where nobody numbers, the generation. All documents of one run must share that.
func withoutRun(t *testing.T, mode syncMode, documents map[string]Document) map[string]Document {
	t.Helper()
	generations := map[string]bool{}
	for id, d := range documents {
		if strings.HasPrefix(d.Text("_id"), "_ab_sync:") {
			delete(documents, id) // the mark of a sync that could not take it away: it is no document of a stream
			continue
		}
		delete(d, "_ab_attempt")
		if mode.keyed && !mode.replaces() && d.Text("_ab_stream") == mainStream {
			// A record that changes and changes back is written anew or was never gone: that
			// depends on which of its versions met in one batch (ADR 0009).
			delete(d, "_ab_generation_id")
		}
		if mode.bare && d.Text("_ab_stream") == mainStream {
			generations[fmt.Sprint(d["_ab_generation_id"])] = true
			delete(d, "_ab_generation_id")
		}
	}
	require.LessOrEqual(t, len(generations), 1, "generations of one run")
	return documents
}

// requireEqual holds what is stored against what an undisturbed run stores: ids, text,
// metadata and vectors. It returns how many documents are fewer, which is only allowed
// as far as least says.
func (s *source) requireEqual(t *testing.T, want, got map[string]Document, p progress) (merged int) {
	t.Helper()
	copies := map[string]int{} // by class and chunk
	for id, d := range got {
		undisturbed, known := want[id]
		require.True(t, known, "a document that an undisturbed run does not store: %v", d)
		require.Equal(t, undisturbed, d)
		copies[place(d)]++
	}
	least := s.least(p)
	for id, d := range want {
		if _, stored := got[id]; stored {
			continue
		}
		merged++
		require.False(t, s.mode.keyed || s.mode.full, "missing: %v", d)
		require.Equal(t, mainStream, d.Text("_ab_stream"), "missing: %v", d)
		require.GreaterOrEqual(t, copies[place(d)], least[d.Text("class")], "missing: %v", d)
	}
	return merged
}

// place is a document's class and chunk.
func place(d Document) string { return fmt.Sprintf("%v/%v", d["class"], d["_ab_chunk_index"]) }

// notStored is an error unless what precedes the last acknowledged state is stored.
func (s *source) notStored(t *testing.T, server *localastra.Server, old map[string]bool, p progress) error {
	t.Helper()
	documents := read(t, server, object{
		"filter":     object{"_ab_stream": mainStream},
		"projection": object{"class": 1, "_ab_chunk_index": 1, "_ab_generation_id": 1},
	})
	byPlace := map[string]int{}
	for _, d := range documents {
		isCurrent := !old[fmt.Sprint(d["_ab_generation_id"])]
		if isCurrent || s.mode.keyed && !s.mode.replaces() {
			byPlace[place(d)]++
		}
	}
	isStored := func(class string, copies int) bool {
		for i := range s.chunks[class] {
			if byPlace[fmt.Sprintf("%s/%d", class, i)] < copies {
				return false
			}
		}
		return true
	}
	acknowledged := p[len(p)-1][1]
	if !s.mode.keyed {
		for class, n := range s.least(p) {
			if !isStored(class, n) {
				return fmt.Errorf("state %d came before %d of class %s were stored", acknowledged, n, class)
			}
		}
		return nil
	}
	for _, key := range s.keys(acknowledged) {
		allowed := s.allowed(key, acknowledged)
		if !slices.ContainsFunc(allowed, func(class string) bool { return class == "deleted" || isStored(class, 1) }) {
			return fmt.Errorf("state %d came before key %d was stored as one of %v", acknowledged, key, allowed)
		}
	}
	return nil
}

// generationsOf are the generations that documents have.
func generationsOf(documents map[string]Document) map[string]bool {
	all := map[string]bool{}
	for _, d := range documents {
		if d.Text("_ab_stream") == mainStream {
			all[fmt.Sprint(d["_ab_generation_id"])] = true
		}
	}
	return all
}

// cursorOf is the cursor of a STATE line, 0 for other lines. The state must count so many
// records.
func cursorOf(t *testing.T, line string, records int) int {
	t.Helper()
	var m struct {
		Type  string
		State struct {
			Stream struct {
				StreamState struct{ Cursor int } `json:"stream_state"`
			}
			DestinationStats DestinationStats
		}
	}
	if json.Unmarshal([]byte(line), &m) != nil || m.Type != "STATE" {
		return 0
	}
	require.Equal(t, float64(records), m.State.DestinationStats.RecordCount, line)
	return m.State.Stream.StreamState.Cursor
}
