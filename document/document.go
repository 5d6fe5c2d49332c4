package document

import (
	"slices"
	"strconv"
)

// Record is what a source record becomes. It is built once; SetOrdinal is its only change, so
// that it may be read concurrently after that.
type Record struct {
	Stream   *Stream
	RecordID string // stored as _ab_record_id; "" when the stream stores none
	// Identity is the key hash of an IdentityKey stream; of the others it is what ordinals are
	// counted over: records with the same Identity in one attempt are equal. It is zero for a
	// deleted record without a key.
	Identity [16]byte
	// Keyless: a path of the primary key is missing, so that Identity covers the content too: the
	// record has no older version. Its RecordID says NotFound, as that of any such record does.
	Keyless bool
	// Deleted: the source deleted the record (_ab_cdc_deleted_at is set). It has no Documents.
	Deleted   bool
	Documents []Document // at least one, in the order of the chunks, unless Deleted
	// Renamed are the source fields that are stored under another name ([EscapeName]).
	Renamed []RenamedField
	// FirstOnly are the stored names of fields that are in the first of Documents only, because
	// all of them would repeat more than MaxRepeatedBytes.
	FirstOnly []string
	// Repeated is how many bytes of metadata the other documents repeat.
	Repeated int
	Bytes    int // of all Documents as AppendJSON writes them without a vector
	// Version is 16 hex digits of what all Documents hold; "" where the stream's Nonce is not used.
	Version string

	keyHash string
}

// SetOrdinal fixes the key hash, and so the IDs, of a record whose stream has no key: n is its
// number among the records of the attempt with the same Identity. It must be called once, before
// KeyHash and ID are read. For IdentityKey it does nothing.
func (r *Record) SetOrdinal(n int64) {
	if r.Stream.Identity != IdentityKey {
		r.setKey(hash(r.Identity).withOrdinal(n))
	}
}

// KeyHash returns the 32 hex digits that the _id of each of the record's documents starts with,
// and no other record's; "" before SetOrdinal.
func (r *Record) KeyHash() string { return r.keyHash }

func (r *Record) setKey(key hash) {
	r.keyHash = key.String()
	const size = 4 * len(key)
	all := make([]byte, 0, size*len(r.Documents))
	for i := range r.Documents {
		all = r.Documents[i].content.appendHex(append(all, r.keyHash...))
	}
	ids := string(all)
	for i := range r.Documents {
		r.Documents[i].id = ids[size*i : size*(i+1)]
	}
}

// Document is what is stored for one chunk of a record.
type Document struct {
	Text     string    // the chunk's text, to be embedded; stored as text unless omit_raw_text
	TextHash string    // of the text, or the record's vector, and the embedder: 32 hex digits
	Index    int       // of the chunk in the record, from 0
	Vector   []float32 // the record's own vector; nil when the text is to be embedded

	id      string
	content hash
	size    int
	layout  *layout
}

// layout is what documents of one record have in common: all but the first, at least.
type layout struct {
	stream  *Stream
	attempt string // what _ab_attempt holds
	// body has every stored field but those of the chunk, each as `,"name":value`, sorted;
	// cuts say where the chunk's own fields belong: index, text hash, text.
	body     []byte
	cuts     [3]int
	omitText bool
	// vectorize: the server makes the vector.
	vectorize bool
}

// ID returns the document's _id, 64 lower-case hex digits: the record's key hash and the hash of
// the document's content. It is "" before [Record.SetOrdinal].
func (d *Document) ID() string { return d.id }

// AppendJSON appends the document as the Data API takes it. A nil vector stands for the record's
// own; if there is none either, the document has no $vector, but with Options.Vectorize its text as
// $vectorize.
func (d *Document) AppendJSON(dst []byte, vector []float32) []byte {
	if vector == nil {
		vector = d.Vector
	}
	// Room for the head and for escapes in the text.
	room := len(d.layout.body) + len(d.Text) + len(d.Text)/16 + 320 + len(d.layout.attempt)
	dst = slices.Grow(dst, room+binaryLen(len(vector)))
	dst = append(dst, `{"_id":"`...)
	dst = append(dst, d.id...)
	dst = append(dst, '"')
	switch {
	case vector != nil:
		dst = append(dst, `,"$vector":`...)
		dst = AppendBinary(dst, vector)
	case d.layout.vectorize:
		dst = append(dst, `,"$vectorize":`...)
		dst = appendString(dst, d.Text)
	}
	dst = d.layout.appendRun(dst)
	dst = d.appendContent(dst)
	return append(dst, '}')
}

// appendRun appends what a run stamps on a document, and what its content hash leaves out.
func (l *layout) appendRun(dst []byte) []byte {
	if l.stream.GenerationID != nil {
		dst = append(dst, `,"`+FieldGenerationID+`":`...)
		dst = strconv.AppendInt(dst, *l.stream.GenerationID, 10)
	}
	if l.attempt != "" {
		dst = append(dst, `,"`+FieldAttempt+`":`...)
		dst = appendString(dst, l.attempt)
	}
	return dst
}

// appendContent appends the stored fields sorted by name, each after a comma.
func (d *Document) appendContent(dst []byte) []byte {
	l := d.layout
	dst = append(dst, l.body[:l.cuts[0]]...)
	dst = append(dst, `,"`+FieldChunkIndex+`":`...)
	dst = strconv.AppendInt(dst, int64(d.Index), 10)
	dst = append(dst, l.body[l.cuts[0]:l.cuts[1]]...)
	dst = append(dst, `,"`+FieldTextHash+`":"`...)
	dst = append(dst, d.TextHash...)
	dst = append(dst, '"')
	dst = append(dst, l.body[l.cuts[1]:l.cuts[2]]...)
	if !l.omitText {
		dst = append(dst, `,"`+FieldText+`":`...)
		dst = appendString(dst, d.Text)
	}
	return append(dst, l.body[l.cuts[2]:]...)
}

// appendBody appends the sorted fields as a layout holds them, and sets where to cut.
func (l *layout) appendBody(dst []byte, fields []member) []byte {
	chunkFields := [...]string{FieldChunkIndex, FieldTextHash, FieldText}
	cut := 0
	for _, f := range fields {
		for ; cut < len(chunkFields) && chunkFields[cut] < f.name; cut++ {
			l.cuts[cut] = len(dst)
		}
		dst = append(appendString(append(dst, ','), f.name), ':')
		dst = appendCanonical(dst, f.value)
	}
	for ; cut < len(chunkFields); cut++ {
		l.cuts[cut] = len(dst)
	}
	return dst
}

// Size is how many bytes AppendJSON adds without a vector.
func (d *Document) Size() int { return d.size }
