package document_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
	"destination-astra/document"
	"destination-astra/protocol"
)

// TestVersionStamp: the documents of a record of several chunks with a key say who inserted them
// and as a part of what; what they say does not change their ids.
func TestVersionStamp(t *testing.T) {
	withNonce := func(edit func(*document.Stream)) *document.Stream {
		s := &document.Stream{Descriptor: protocol.StreamDescriptor{Name: "s"}, PrimaryKey: [][]string{{"id"}}, Dedup: true, Nonce: "N"}
		edit(s)
		return s
	}
	const two, other = `{"id":1,"t":"one two three four five six seven eight"}`, `{"id":1,"t":"one two three four five six seven nine"}`
	b := newBuilder(t, document.Options{TextFields: []string{"t"}, Splitter: splitter(t, chunk.Options{ChunkSize: 4})})
	plain := build(t, b, withNonce(func(s *document.Stream) { s.Nonce = "" }), two)
	require.Greater(t, len(plain.Documents), 1)
	require.Empty(t, plain.Version)

	stamped, again := build(t, b, withNonce(func(*document.Stream) {}), two), build(t, b, withNonce(func(*document.Stream) {}), two)
	require.Len(t, stamped.Version, 16)
	require.Equal(t, stamped.Version, again.Version)
	require.NotEqual(t, stamped.Version, build(t, b, withNonce(func(*document.Stream) {}), other).Version)
	for i := range stamped.Documents {
		d := &stamped.Documents[i]
		require.Equal(t, plain.Documents[i].ID(), d.ID())
		text := string(d.AppendJSON(nil, nil))
		require.Contains(t, text, `"_ab_attempt":"N.`+stamped.Version+`"`)
		require.Equal(t, len(text), d.Size())
	}
	for name, test := range map[string]struct {
		stream *document.Stream
		record string
		want   string
	}{
		"one chunk":                 {withNonce(func(*document.Stream) {}), `{"id":1,"t":"one"}`, ""},
		"an attempt that confirms":  {withNonce(func(s *document.Stream) { s.Attempt = "A" }), two, `"_ab_attempt":"A"`},
		"an identity of the record": {withNonce(func(s *document.Stream) { s.Identity, s.Dedup = document.IdentityRecord, false }), two, ""},
	} {
		r := build(t, b, test.stream, test.record)
		text := string(r.Documents[0].AppendJSON(nil, nil))
		require.Empty(t, r.Version, name)
		require.Equal(t, test.want != "", strings.Contains(text, "_ab_attempt"), name)
		require.Contains(t, text, test.want, name)
	}
}
