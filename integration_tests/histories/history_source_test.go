package histories_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
	. "destination-astra/integration_tests/blackbox"
	"destination-astra/spec"
)

// The stream of the crash and chaos tests, and the one beside it that no sync touches.
const (
	mainStream   = "s"
	besideStream = "beside"
)

// Size of an input: 12 states, each after 20 records.
const (
	inputWindows  = 12
	windowRecords = 20
	chunkTokens   = 12
)

// source is what a source sends: windows of records, each ended by a state.
type source struct {
	mode    syncMode
	before  []sourceRecord // of the sync before, complete
	windows [][]sourceRecord
	chunks  map[string]int // by class
}

// sourceRecord is one record. Records of one class are equal in every field.
type sourceRecord struct {
	key     int
	class   string
	deleted bool
	line    string
}

// newSource makes an input from a seed: keyed ones with newer versions, repeats and
// deletes of records, the others with equal records within windows and across them.
func newSource(t *testing.T, mode syncMode, seed uint64) *source {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	s := &source{mode: mode, chunks: map[string]int{}}
	splitter := newSplitter(t)
	add := func(to []sourceRecord, key, version int, isDeleted bool) []sourceRecord {
		r := newSourceRecord(mode, key, version, isDeleted)
		if !isDeleted && s.chunks[r.class] == 0 {
			s.chunks[r.class] = len(splitter.Split("text: " + textOf(mode, key, version) + "\n"))
		}
		return append(to, r)
	}
	for key := range 60 {
		s.before = add(s.before, 2*key, 0, false)
	}
	s.before = add(s.before, 0, 0, false) // with an equal one
	if mode.first {
		s.before = nil
	}
	fresh := 0
	versions := map[int]int{}
	for range inputWindows {
		var w []sourceRecord
		for range windowRecords {
			dice := random.IntN(100)
			switch {
			case mode.keyed && dice < 6:
				w = add(w, random.IntN(max(fresh, 1)), 0, true)
			case mode.keyed && dice < 30: // a newer version
				key := random.IntN(max(fresh, 1))
				versions[key]++
				w = add(w, key, versions[key], false)
			case dice < 38 && len(w) > 0: // equal to one of this window
				w = append(w, w[random.IntN(len(w))])
			case dice < 48 && len(s.windows) > 0: // equal to one of an earlier window
				earlier := s.windows[random.IntN(len(s.windows))]
				w = append(w, earlier[random.IntN(len(earlier))])
			default:
				w = add(w, fresh, 0, false)
				fresh++
			}
		}
		s.windows = append(s.windows, w)
	}
	return s
}

// newSplitter cuts texts as the configuration of these tests does.
func newSplitter(t *testing.T) *chunk.Splitter {
	t.Helper()
	config, _, err := spec.Parse([]byte(ToJSON(t, historyConfig("http://localhost"))))
	require.NoError(t, err)
	p := config.Processing
	counter, err := chunk.NewTokenizer(p.Tokenizer)
	require.NoError(t, err)
	splitter, err := chunk.NewSplitter(chunk.Options{
		Mode: chunk.Mode(p.TextSplitter.Mode), Separators: p.TextSplitter.Separators,
		KeepSeparator: p.TextSplitter.KeepSeparator, ChunkSize: p.ChunkSize, Counter: counter,
	})
	require.NoError(t, err)
	return splitter
}

// embedderURL is the embedding service's address, the same for all attempts: vectors from
// another address could differ. The binary reaches it through a proxy, so nothing is there.
const embedderURL = "http://10.11.12.13"

// historyInTheory is historyConfig for a server whose time is made up.
func historyInTheory() object {
	config := historyConfig("http://localhost")
	Set("indexing", "server_timeout_seconds", int(serverTimeout.Seconds()))(config)
	return config
}

// historyConfig has small chunks, and the Data API at url.
func historyConfig(url string) object {
	return ConfigFor(url, Set("processing", "chunk_size", chunkTokens),
		Set("processing", "metadata_fields", []string{"id", "class"}), func(c object) {
			c["embedding"] = object{"mode": "openai_compatible", "base_url": embedderURL, "api_key": "k", "dimensions": 16}
		})
}

func newSourceRecord(mode syncMode, key, version int, isDeleted bool) sourceRecord {
	if isDeleted {
		return sourceRecord{key: key, class: "deleted", deleted: true, line: Deleted(mainStream, key)}
	}
	class := fmt.Sprintf("%d.%d", key, version)
	data := fmt.Sprintf(`{"id":%d,"class":%q,"text":%q}`, key, class, textOf(mode, key, version))
	return sourceRecord{key: key, class: class, line: Record(mainStream, data)}
}

// textOf is a text of one to a few chunks. Every other version changes the metadata only,
// and some records without a key share a text.
func textOf(mode syncMode, key, version int) string {
	seed := uint64(1000*key + version/2)
	if !mode.keyed && key%5 == 1 {
		seed -= 1000
	}
	random := rand.New(rand.NewPCG(seed, 2))
	words := strings.Fields("ferry harbour kite ledger lantern orchard copper meadow signal winter")
	text := fmt.Sprintf("number %d", seed)
	for range random.IntN(30) {
		text += " " + words[random.IntN(len(words))]
	}
	return text
}

// passing reports whether an attempt that does not end well sends records that the next
// one does not: what it stored of them must go.
func (s *source) passing() bool { return s.mode.full && s.mode.replaces() }

// input are the messages from the window that follows the state from; 0 is the start.
// With passing, each window has one record more.
func (s *source) input(from int, passing bool) []string {
	var all []string
	for i, w := range s.windows[from:] {
		if passing {
			all = append(all, newSourceRecord(s.mode, 5000+i, 0, false).line)
		}
		for _, r := range w {
			all = append(all, r.line)
		}
		all = append(all, State(mainStream, from+i+1))
	}
	return s.withStatus(all)
}

// inputBefore are the messages of the sync before.
func (s *source) inputBefore() []string {
	var all []string
	for _, r := range s.before {
		all = append(all, r.line)
	}
	return append(s.withStatus(all), Notes(besideStream, 1, 30)...)
}

func (s *source) withStatus(messages []string) []string {
	if s.mode.silent {
		return messages
	}
	messages = append([]string{Status(mainStream, "STARTED")}, messages...)
	return append(messages, Status(mainStream, "COMPLETE"))
}

// copies is how often each class comes in the windows from first up to, without, last.
func (s *source) copies(first, last int) map[string]int {
	n := map[string]int{}
	for _, w := range s.windows[first:last] {
		for _, r := range w {
			n[r.class]++
		}
	}
	return n
}

// syncMode is one way in which a stream is synced.
type syncMode struct {
	name    string
	wire    string // destination_sync_mode
	keyed   bool
	minimum bool // minimum_generation_id = generation_id
	full    bool // a full refresh that is not resumable: each attempt starts from zero
	bare    bool // numbers no generation
	silent  bool // sends no STREAM_STATUS
	first   bool // nothing of the stream is there before
}

// syncModes are all of them: append, dedup, and the kinds of overwrite.
func syncModes() []syncMode {
	return []syncMode{
		{name: "append", wire: "append"},
		{name: "append_dedup", wire: "append_dedup", keyed: true},
		{name: "overwrite", wire: "overwrite", full: true, bare: true},
		{name: "refresh", wire: "append", minimum: true},
		{name: "refresh from zero", wire: "append", minimum: true, full: true},
		{name: "refresh dedup", wire: "append_dedup", keyed: true, minimum: true},
		{name: "refresh dedup from zero", wire: "append_dedup", keyed: true, minimum: true, full: true},
		{name: "overwrite without a status", wire: "overwrite", full: true, bare: true, silent: true},
		{name: "append from zero", wire: "append", full: true},
		{name: "overwrite numbered", wire: "overwrite", minimum: true},
		{name: "first append_dedup", wire: "append_dedup", keyed: true, first: true},
	}
}

// replaces reports whether what is older goes.
func (m syncMode) replaces() bool { return m.minimum || m.wire == "overwrite" }

// catalog is the configured catalog of the sync of a generation.
func (m syncMode) catalog(generationID int) object {
	s := StreamNamed(mainStream, m.wire)
	s["sync_id"] = 10 + generationID
	if m.full {
		s["sync_mode"] = "full_refresh"
	}
	if m.bare {
		delete(s, "sync_id")
	} else {
		minimum := 0
		if m.minimum {
			minimum = generationID
		}
		Generation(generationID, minimum)(s)
	}
	if generationID > 1 {
		return CatalogOf(s)
	}
	return CatalogOf(s, StreamNamed(besideStream, "append", func(o object) {
		if !m.bare {
			Generation(1, 0)(o)
		}
	}))
}

// progress is which windows each attempt of a sync got acknowledged: attempts[i] is from
// its first window up to, without, the first one of the next attempt.
type progress [][2]int

// least is how many copies of each class must be there. Ordinals start anew with each
// attempt, so equal records on both sides of a checkpoint at which a crash came may
// merge, and no others.
func (s *source) least(p progress) map[string]int {
	least := map[string]int{}
	for _, attempt := range p {
		for class, n := range s.copies(attempt[0], attempt[1]) {
			least[class] = max(least[class], n)
		}
	}
	return least
}

// allowed are the classes of which a key may be once the windows before acknowledged are
// stored: that of its last version in them, or a later one's.
func (s *source) allowed(key, acknowledged int) []string {
	var classes []string
	for i, w := range s.windows {
		for _, r := range w {
			if r.key != key {
				continue
			}
			if i < acknowledged {
				classes = classes[:0]
			}
			classes = append(classes, r.class)
		}
	}
	return classes
}

// keys are the keys of the windows before acknowledged.
func (s *source) keys(acknowledged int) []int {
	var keys []int
	for _, w := range s.windows[:acknowledged] {
		for _, r := range w {
			keys = append(keys, r.key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
