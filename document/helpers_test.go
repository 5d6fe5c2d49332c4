package document_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
	"destination-astra/protocol"
)

// denied is how the connector creates collections.
var denied = document.Indexing{Deny: []string{"text", "_ab_long"}}

func newBuilder(t testing.TB, o document.Options) *document.Builder {
	builder, err := document.NewBuilder(o)
	require.NoError(t, err)
	return builder
}

func data(text string) *protocol.Record { return &protocol.Record{Data: json.RawMessage(text)} }

// keyed is an append_dedup stream whose key is the given top-level fields.
func keyed(name string, fields ...string) *document.Stream {
	s := &document.Stream{
		Descriptor: protocol.StreamDescriptor{Name: name}, Identity: document.IdentityKey, Dedup: true,
	}
	for _, field := range fields {
		s.PrimaryKey = append(s.PrimaryKey, []string{field})
	}
	return s
}

func appending(name string) *document.Stream {
	return &document.Stream{
		Descriptor: protocol.StreamDescriptor{Name: name}, Identity: document.IdentityRecord, SyncID: 1,
	}
}

func replacing(name string) *document.Stream {
	return &document.Stream{
		Descriptor: protocol.StreamDescriptor{Name: name}, Identity: document.IdentityContent,
	}
}

func build(t testing.TB, b *document.Builder, s *document.Stream, text string) *document.Record {
	record, err := b.Build(s, data(text))
	require.NoError(t, err)
	record.SetOrdinal(0)
	return record
}

func rejected(t testing.TB, b *document.Builder, s *document.Stream, text string) *document.RejectError {
	record, err := b.Build(s, data(text))
	if record != nil {
		require.Empty(t, record.Documents)
		require.NotEmpty(t, record.KeyHash(), "it is there only to say whose it is")
	}
	var reject *document.RejectError
	require.True(t, errors.As(err, &reject), "%v", err)
	require.Equal(t, s.Descriptor, reject.Stream)
	return reject
}

// stored is the first document of a record, without what the Python connector did not write
// unless it is asked for.
func stored(t testing.TB, r *document.Record) map[string]any {
	fields := decode(t, r.Documents[0].AppendJSON(nil, nil))
	for _, name := range own {
		delete(fields, name)
	}
	return fields
}
