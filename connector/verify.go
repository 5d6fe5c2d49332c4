package connector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"destination-astra/document"
	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
	"destination-astra/internal/tally"
	"destination-astra/protocol"
)

// Verification is what [Connector.Verify] found. Its JSON form is what `verify --json`
// prints.
type Verification struct {
	Collection string                `json:"collection"`
	Exists     bool                  `json:"collection_exists"`
	Streams    []*StreamVerification `json:"streams"`
	// Differences adds up what is missing, stale and differing.
	Differences          int64            `json:"differences"`
	SkippedLines         int64            `json:"skipped_lines"`
	UnknownStreamRecords map[string]int64 `json:"unknown_stream_records,omitempty"`
}

// StreamVerification is a Verification's share of one stream.
type StreamVerification struct {
	Stream    string `json:"stream"`
	Records   int64  `json:"records"`
	Rejected  int64  `json:"rejected"`           // records that a write refuses; nothing is expected of them
	Compared  int64  `json:"documents_compared"` // expected ones, of older versions too
	Missing   int64  `json:"documents_missing"`
	Stale     int64  `json:"documents_stale"`
	Differing int64  `json:"documents_differing"`
	// Findings are the records with differences, in the input's order, and then what the
	// input does not know; those compared by content are in the order of their texts.
	Findings []*Finding `json:"findings,omitempty"`

	byKey map[string]*Finding
}

// Finding is what is wrong with a record, or with one document where records have no key.
type Finding struct {
	Key       string   `json:"key"` // _ab_record_id, or _id in a stream without one
	Missing   []string `json:"missing,omitempty"`
	Stale     []string `json:"stale,omitempty"`
	Differing []string `json:"differing,omitempty"`
	Fields    []string `json:"fields,omitempty"` // that differ
	Text      string   `json:"text,omitempty"`   // the beginning of a missing document's text
}

// VerifyOptions choose how deep a verify looks.
type VerifyOptions struct {
	// Vectors reads $vector too: whether there is one, of the right length, and for
	// from_field with the record's values. It makes the reads 5 to 20 times larger.
	Vectors bool
}

// Verify compares what a write of the same input leaves behind with what is stored:
// missing documents, differing ones (whose fields are not those that their _id was made
// of, so somebody changed them), and stale ones. Stale are the other documents of the
// input's keys, and in a stream that is replaced every other document. Only the newest
// version of a record counts. It changes nothing.
//
// An append stream without a sync_id is compared by content, because the _id depends on
// the sync that wrote it: each expected document must be stored once more than it was
// matched; documents of other syncs are not stale.
//
// Memory grows with the differences, and with the documents of streams compared by
// content (about 300 bytes each).
func (c *Connector) Verify(
	ctx context.Context, catalog *protocol.Catalog, in io.Reader, o VerifyOptions,
) (result *Verification, err error) {
	input, exists, err := c.rehearsal(ctx, catalog, in)
	if err != nil {
		return nil, failure.Interruption(ctx, err)
	}
	v := &verifier{
		lookup: c.newLookup(c.Database.Collection(c.Config.Indexing.Collection), input.Streams), exists: exists,
		vectors: o.Vectors, seen: tally.NewFor(c.Options.MemoryBytes),
		streams: map[*intake.Stream]*StreamVerification{}, contents: map[*intake.Stream]map[tally.Key]*wanted{},
		result: &Verification{Collection: c.Config.Indexing.Collection, Exists: exists},
	}
	defer func() { err = errors.Join(err, input.Close(), v.close()) }()
	for i, s := range input.Streams.List {
		one := &StreamVerification{Stream: s.Descriptor.String(), byKey: map[string]*Finding{}}
		v.streams[s] = one
		v.result.Streams = append(v.result.Streams, one)
		if s.Identity == document.IdentityRecord && guessesSync(&catalog.Streams[i], c.Options.JobID) {
			v.contents[s] = map[tally.Key]*wanted{}
		}
	}
	if err := v.run(ctx, input); err != nil {
		return nil, failure.Interruption(ctx, fmt.Errorf("verify: %w", err))
	}
	return v.result, nil
}

// guessesSync reports whether the stream's sync id would be the time of its start, which
// nobody knows later.
func guessesSync(s *protocol.ConfiguredStream, jobID string) bool {
	now := time.Now()
	later := now.Add(time.Hour)
	at := func(started time.Time) int64 {
		return intake.SyncID(s, intake.CallFacts{JobID: jobID, Started: started})
	}
	return at(now) != at(later)
}
