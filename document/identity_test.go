package document_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
	"destination-astra/protocol"
)

// What decides about a document's _id, and what does not.
func TestIdentity(t *testing.T) {
	const record = `{"id":1,"a":"x","b":[1.0,{"d":1,"c":2}]}`
	generation := int64(3)
	base := func() (*document.Stream, document.Options) { return keyed("s", "id"), document.Options{Embedder: "e"} }
	stream, o := base()
	want := build(t, newBuilder(t, o), stream, record)
	require.Regexp(t, "^[0-9a-f]{32}$", want.KeyHash())
	require.Regexp(t, "^"+want.KeyHash()+"[0-9a-f]{32}$", want.Documents[0].ID())

	// What stays: the key hash (key), the content hash too (all), the text hash (text).
	const key, all, text = 1, 3, 4
	type change struct {
		stays   int
		record  string
		stream  func(*document.Stream)
		options func(*document.Options)
	}
	onStream := func(stays int, f func(*document.Stream)) change { return change{stays: stays, stream: f} }
	onOptions := func(stays int, f func(*document.Options)) change { return change{stays: stays, options: f} }
	tests := map[string]change{
		"nothing":           {stays: all | text},
		"order of names":    {stays: key, record: `{"b":[1.0,{"c":2,"d":1}],"a":"x","id":1}`},
		"white space":       {stays: all | text, record: ` {"id":1, "a":"x","b":[1.0,{"d":1, "c":2}] }`},
		"an escape":         {stays: all | text, record: `{"id":1,"\u0061":"\u0078","b":[1.0,{"d":1,"c":2}]}`},
		"a value":           {stays: key, record: `{"id":1,"a":"y","b":[1.0,{"d":1,"c":2}]}`},
		"a number's digits": {stays: key | text, record: `{"id":1,"a":"x","b":[1.00,{"d":1,"c":2}]}`},
		"the type of a key": {stays: key | text, record: `{"id":"1","a":"x","b":[1.0,{"d":1,"c":2}]}`},
		"the key":           {stays: 0, record: `{"id":2,"a":"x","b":[1.0,{"d":1,"c":2}]}`},
		"name":              onStream(text, func(s *document.Stream) { s.Descriptor.Name = "t" }),
		"namespace":         onStream(text, func(s *document.Stream) { s.Descriptor.Namespace = "n" }),
		"sync id":           onStream(all|text, func(s *document.Stream) { s.SyncID = 9 }),
		"generation":        onStream(all|text, func(s *document.Stream) { s.GenerationID = &generation }),
		"attempt":           onStream(all|text, func(s *document.Stream) { s.Attempt = "n" }),
		"embedder":          onOptions(key, func(o *document.Options) { o.Embedder = "f" }),
		"omit_raw_text":     onOptions(key|text, func(o *document.Options) { o.OmitRawText = true }),
		"metadata_fields":   onOptions(key|text, func(o *document.Options) { o.MetadataFields = []string{"id"} }),
		"indexing":          onOptions(all|text, func(o *document.Options) { o.Indexing = denied }),
		"an excluded key":   onOptions(key, func(o *document.Options) { o.ExcludeFields = []string{"id"} }),
		"all text_fields":   onOptions(all|text, func(o *document.Options) { o.TextFields = []string{"id", "a", "b"} }),
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			stream, o := base()
			if test.stream != nil {
				test.stream(stream)
			}
			if test.options != nil {
				test.options(&o)
			}
			if test.record == "" {
				test.record = record
			}
			got := build(t, newBuilder(t, o), stream, test.record)
			require.Equal(t, test.stays&key != 0, got.KeyHash() == want.KeyHash(), "key hash")
			require.Equal(t, test.stays&all == all, got.Documents[0].ID() == want.Documents[0].ID(), "_id")
			require.Equal(t, test.stays&text != 0, got.Documents[0].TextHash == want.Documents[0].TextHash, "text hash")
		})
	}
}

// The hashes are part of what is stored: they may change only with the layout version.
func TestHashesAreFixed(t *testing.T) {
	o := document.Options{Embedder: "fake/1536", TextFields: []string{"t"}}
	s := keyed("s", "id")
	s.Descriptor.Namespace = "n"
	got := build(t, newBuilder(t, o), s, `{"id":7,"t":"hello"}`)
	require.Equal(t, "bba41d47577d86234b1d896399570ed93153a1abd566d09ced78040cf7f71b18", got.Documents[0].ID())
	require.Equal(t, "376fa3e574dd8b38a25191a1603301b3", got.Documents[0].TextHash)
	require.Equal(t, `{"_id":"`+got.Documents[0].ID()+`","_ab_chunk_index":0,"_ab_embedder":"fake/1536",`+
		`"_ab_record_id":"n_s_7","_ab_stream":"n_s","_ab_text_hash":"`+got.Documents[0].TextHash+
		`","id":7,"t":"hello","text":"t: hello"}`, string(got.Documents[0].AppendJSON(nil, nil)))
}

func TestCompositeKeys(t *testing.T) {
	builder := newBuilder(t, document.Options{})
	two, one := keyed("u", "a", "b"), keyed("u_1", "a")
	ambiguous := []*document.Record{
		build(t, builder, two, `{"a":1,"b":2}`), build(t, builder, one, `{"a":2}`),
		build(t, builder, keyed("u", "a"), `{"a":"1_2"}`),
	}
	for i, r := range ambiguous {
		require.Equal(t, "u_1_2", r.RecordID)
		for _, other := range ambiguous[:i] {
			require.NotEqual(t, other.KeyHash(), r.KeyHash())
		}
	}
	nested := keyed("u")
	nested.PrimaryKey = [][]string{{"a", "b.c"}, {"l", "1"}}
	require.Equal(t, "u_x_2", build(t, builder, nested, `{"a":{"b.c":"x"},"l":[1,2]}`).RecordID)
}

// A record without its key replaces no other.
func TestMissingKey(t *testing.T) {
	builder := newBuilder(t, document.Options{})
	s := keyed("u", "a", "b")
	x := build(t, builder, s, `{"a":1,"t":"x"}`)
	require.Equal(t, "u_1___not_found__", x.RecordID)
	require.NotEqual(t, x.KeyHash(), build(t, builder, s, `{"a":1,"t":"y"}`).KeyHash())
	require.NotEqual(t, x.KeyHash(), build(t, builder, s, `{"a":1,"t":"x","b":"__not_found__"}`).KeyHash())
	require.Equal(t, x.KeyHash(), build(t, builder, s, ` {"a":1, "t":"x"}`).KeyHash())
}

func TestOrdinals(t *testing.T) {
	o := document.Options{TextFields: []string{"t"}, MetadataFields: []string{"t"}, ExcludeFields: []string{"noise"}}
	builder := newBuilder(t, o)
	for name, s := range map[string]*document.Stream{"content": replacing("s"), "record": appending("s")} {
		t.Run(name, func(t *testing.T) {
			first, err := builder.Build(s, data(`{"t":"x","noise":1}`))
			require.NoError(t, err)
			require.Empty(t, first.KeyHash())
			require.Empty(t, first.Documents[0].ID())
			second, err := builder.Build(s, data(`{"t":"x","noise":2}`))
			require.NoError(t, err)
			require.Equal(t, first.Identity, second.Identity, "an excluded field is no difference")
			first.SetOrdinal(0)
			second.SetOrdinal(1)
			require.NotEqual(t, first.KeyHash(), second.KeyHash())
			require.Equal(t, first.Documents[0].ID()[32:], second.Documents[0].ID()[32:])
			second.SetOrdinal(0)
			require.Equal(t, first.Documents[0].ID(), second.Documents[0].ID())
			require.Empty(t, first.RecordID)
		})
	}
	unstored := `{"t":"x","other":1}`
	require.Equal(t, build(t, builder, replacing("s"), `{"t":"x"}`).KeyHash(),
		build(t, builder, replacing("s"), unstored).KeyHash(), "only what is stored counts")
	require.NotEqual(t, build(t, builder, appending("s"), `{"t":"x"}`).KeyHash(),
		build(t, builder, appending("s"), unstored).KeyHash(), "the whole record counts")
	next := appending("s")
	next.SyncID = 2
	require.NotEqual(t, build(t, builder, appending("s"), unstored).KeyHash(),
		build(t, builder, next, unstored).KeyHash(), "each sync appends")

	keyed := build(t, builder, keyed("s", "t"), unstored)
	before := keyed.KeyHash()
	keyed.SetOrdinal(5)
	require.Equal(t, before, keyed.KeyHash())
}

func TestDeleted(t *testing.T) {
	builder := newBuilder(t, document.Options{TextFields: []string{"t"}})
	s := keyed("u", "id")
	live := build(t, builder, s, `{"id":1,"t":"x","_ab_cdc_deleted_at":null}`)
	require.False(t, live.Deleted)
	for _, at := range []string{`"2024-01-01T00:00:00Z"`, `1700000000`, `true`} {
		record := build(t, builder, s, `{"id":1,"_ab_cdc_deleted_at":`+at+`}`)
		require.True(t, record.Deleted)
		require.Empty(t, record.Documents)
		require.Equal(t, live.KeyHash(), record.KeyHash())
		require.Equal(t, live.RecordID, record.RecordID)
	}
	for _, at := range []string{`""`, `false`, `0`} {
		require.False(t, build(t, builder, s, `{"id":1,"t":"x","_ab_cdc_deleted_at":`+at+`}`).Deleted, at)
	}
	err := rejected(t, builder, s, `{"_ab_cdc_deleted_at":"2024"}`)
	require.Equal(t, "id", err.Field)
	for _, s := range []*document.Stream{appending("u"), replacing("u")} {
		record := build(t, builder, s, `{"_ab_cdc_deleted_at":"2024"}`)
		require.True(t, record.Deleted)
		require.Zero(t, record.Identity)
	}
}

func TestStreamName(t *testing.T) {
	s := document.Stream{Descriptor: protocol.StreamDescriptor{Name: "b"}}
	require.Equal(t, "b", s.Name())
	s.Descriptor.Namespace = "a"
	require.Equal(t, "a_b", s.Name())
}

// An _id says whose document it is.
func TestKeyOfID(t *testing.T) {
	record := build(t, newBuilder(t, document.Options{}), keyed("s", "a"), `{"a":1}`)
	id := record.Documents[0].ID()
	require.True(t, document.IsID(id))
	require.Equal(t, record.KeyHash(), document.KeyOfID(id))
	for _, other := range []string{"", id[1:], id + "0", strings.ToUpper(id), "g" + id[1:],
		"0b5e3a4e-7f1f-4d8e-9a53-1d6a5c1f7f10"} {
		require.False(t, document.IsID(other))
		require.Empty(t, document.KeyOfID(other))
	}
	require.True(t, denied.Indexes("_ab_stream"))
	require.False(t, denied.Indexes("text"))
}
