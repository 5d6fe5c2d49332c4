package document

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"destination-astra/chunk"
	"destination-astra/protocol"
)

// FieldNameMapping renames a top-level field of what is embedded and stored, after nested paths
// were flattened into fields.
type FieldNameMapping struct{ FromField, ToField string }

// Options says what of a record is embedded and stored. The zero value embeds and stores every
// field, one chunk a record.
type Options struct {
	// TextFields and MetadataFields select what is embedded and what is stored, as paths with
	// dots and wildcards; none selects all. ExcludeFields are taken out of the record before
	// anything but its primary key is looked at.
	TextFields, MetadataFields, ExcludeFields []string
	FieldNameMappings                         []FieldNameMapping // applied in order
	OmitRawText                               bool               // store no text
	Indexing                                  Indexing           // of the collection
	Splitter                                  *chunk.Splitter    // nil: the whole text is one chunk
	Embedder                                  string             // its fingerprint; "" stores none
	// Vectorize has the server embed the text: AppendJSON writes it as $vectorize where
	// there is no vector.
	Vectorize bool
	// VectorField is the top-level field that holds the record's own vector, which is neither
	// embedded nor stored as metadata; "" if texts are to be embedded.
	VectorField string
	// Dimension of the vectors: counted in the document's size, and demanded of VectorField.
	Dimension int
}

// Builder builds documents from records. It is safe for concurrent use.
type Builder struct {
	options                 Options
	text, metadata, exclude []fieldPath
	place                   place // of the root
	movesLong               bool  // _ab_long takes what the index does not
	scratch                 sync.Pool
}

// scratch is what a Build needs for a moment.
type scratch struct {
	vectorize []byte // the text of $vectorize, for its length
	parser    parser
	fields    []member
	buf       []byte
}

// NewBuilder returns an error for options that contradict themselves; they come from the user's
// configuration.
func NewBuilder(o Options) (*Builder, error) {
	b := &Builder{options: o, place: o.Indexing.compile()}
	b.movesLong = !b.place.under(FieldLong).indexed
	b.scratch.New = func() any { return &scratch{} }
	var textErr, metadataErr, excludeErr error
	b.text, textErr = newFieldPaths(o.TextFields)
	b.metadata, metadataErr = newFieldPaths(o.MetadataFields)
	b.exclude, excludeErr = newFieldPaths(o.ExcludeFields)
	if err := errors.Join(textErr, metadataErr, excludeErr); err != nil {
		return nil, err
	}
	if o.VectorField != "" && o.Dimension <= 0 {
		return nil, fmt.Errorf("document: a vector field needs a dimension, not %d", o.Dimension)
	}
	return b, nil
}

// Build makes the documents of a record of the stream s. A record that the Data API would not
// store is a *RejectError: beside it comes the record without documents when its primary key
// says whose it is, else nil. Any other error is a mistake of the caller. It keeps s in the
// result and parts of r.Data, which is not to change any more.
func (b *Builder) Build(s *Stream, r *protocol.Record) (*Record, error) {
	if s.Identity == IdentityKey && len(s.PrimaryKey) == 0 {
		return nil, fmt.Errorf("document: stream %s: identity by key without a primary key", s.Descriptor)
	}
	sc, ok := b.scratch.Get().(*scratch)
	if !ok {
		sc = &scratch{}
	}
	defer b.release(sc)
	root, err := sc.parser.object(r.Data)
	if err != nil {
		return nil, fmt.Errorf("document: stream %s: record data: %w", s.Descriptor, err)
	}
	job := building{Builder: b, scratch: sc, root: root, key: newRecordKey(root, s.PrimaryKey)}
	job.record = &Record{Stream: s}
	if rejected := job.run(); rejected != nil {
		rejected.Stream = s.Descriptor
		rejected.RecordID = strings.ToValidUTF8(job.key.recordID(s.Name()), "\uFFFD")
		return job.withoutDocuments(), rejected
	}
	return job.record, nil
}

// maxKeptBytes is how large a buffer may be to be used for the next record.
const maxKeptBytes = 1 << 20

// release keeps the scratch space for the next record, but not an unusually large one.
func (b *Builder) release(sc *scratch) {
	const maxKeptFields = 1 << 12
	if max(cap(sc.buf), cap(sc.parser.out)) > maxKeptBytes ||
		max(cap(sc.fields), cap(sc.parser.stack)) > maxKeptFields {
		return
	}
	clear(sc.fields[:cap(sc.fields)])
	b.scratch.Put(sc)
}
