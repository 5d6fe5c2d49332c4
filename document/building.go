package document

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// building is one record on its way.
type building struct {
	*Builder
	*scratch
	root   value
	key    recordKey
	record *Record
	vector []float32
}

func (b *building) run() *RejectError {
	s := b.record.Stream
	if s.Dedup && len(s.PrimaryKey) > 0 {
		b.record.RecordID = b.key.recordID(s.Name())
		if b.parser.malformed && !utf8.ValidString(b.record.RecordID) {
			return reject(strings.Join(s.PrimaryKey[0], "."), "in the primary key: "+reasonMalformed)
		}
	}
	if b.isDeletion() {
		return b.delete()
	}
	if err := b.takeVector(); err != nil {
		return err
	}
	for i := range b.exclude {
		b.root = b.exclude[i].prune(b.root)
	}
	chunks, err := b.chunks()
	if err != nil {
		return err
	}
	first, err := b.layout(len(chunks))
	if err != nil {
		return err
	}
	if err := b.documents(first, b.repeated(first, len(chunks)-1), chunks); err != nil {
		return err
	}
	b.identify()
	return nil
}

// withoutDocuments is a rejected record as far as it is known whose it is: nil without a
// complete primary key.
func (b *building) withoutDocuments() *Record {
	s := b.record.Stream
	if s.Identity != IdentityKey || b.key.missing != nil {
		return nil
	}
	b.record.RecordID = b.key.recordID(s.Name())
	if !utf8.ValidString(b.record.RecordID) {
		return nil // no stored record has such a key
	}
	b.record.Documents, b.record.Bytes = nil, 0
	b.identify()
	return b.record
}

// takeVector takes the record's own vector out of it.
func (b *building) takeVector() *RejectError {
	field := b.options.VectorField
	if field == "" {
		return nil
	}
	vector, err := vectorOf(b.root, field, b.options.Dimension)
	if err != nil {
		return err
	}
	b.vector = vector
	at := indexOf(b.root.children, field)
	b.root.children = slices.Delete(b.root.children, at, at+1)
	return nil
}

// chunks returns the pieces of the record's text.
func (b *building) chunks() ([]string, *RejectError) {
	b.fields = selectFields(b.fields[:0], b.root, b.text)
	b.fields = mapNames(b.fields, b.options.FieldNameMappings)
	if len(b.fields) == 0 {
		if len(b.text) == 0 {
			return nil, reject("", "no text: the record has no fields")
		}
		return nil, reject("", "no text: none of processing.text_fields is in the record")
	}
	b.buf = appendLines(b.buf[:0], b.fields)
	if b.parser.malformed && !utf8.Valid(b.buf) {
		return nil, reject(b.malformedField(), reasonMalformed)
	}
	text := b.takeText()
	if b.options.Splitter == nil {
		return []string{strings.TrimSpace(text)}, nil
	}
	chunks := b.options.Splitter.Split(text)
	if len(chunks) == 0 {
		return nil, reject("", "no text: only separators are in the selected fields")
	}
	return chunks, nil
}

// takeText is takeBuffer as a string.
func (b *building) takeText() string {
	if len(b.buf) <= maxKeptBytes {
		return string(b.buf)
	}
	taken := b.takeBuffer()
	return unsafe.String(unsafe.SliceData(taken), len(taken)) // nobody else has it
}

// takeBuffer returns what is in buf as bytes of its own: a copy, or the buffer itself
// when it is large, which a copy would double.
func (b *building) takeBuffer() []byte {
	if len(b.buf) <= maxKeptBytes {
		return slices.Clone(b.buf)
	}
	taken := b.buf
	b.buf = nil
	return taken
}

func (b *building) malformedField() string {
	for i, f := range b.fields {
		if !utf8.Valid(appendLines(nil, b.fields[i:i+1])) {
			return strings.ToValidUTF8(f.name, "\uFFFD")
		}
	}
	return ""
}

// layout turns the selected fields, and those of our own that all chunks share, into the body
// of the documents, and holds them against the limits.
func (b *building) layout(chunks int) (*layout, *RejectError) {
	s := b.record.Stream
	fields := selectFields(b.fields[:0], b.root, b.metadata)
	fields = mapNames(fields, b.options.FieldNameMappings)
	names := renamer{}
	names.fields(fields, b.parser.oddNames)
	b.record.Renamed = names.renamed
	if b.parser.longest > MaxIndexedStringBytes && b.movesLong {
		long := mover{}
		fields = long.fields(fields, b.place)
		if long.long.kind == kindObject {
			fields = append(fields, member{FieldLong, long.long})
		}
	}
	fields = append(fields, member{FieldStream, stringValue(s.Name())})
	if b.record.RecordID != "" {
		fields = append(fields, member{FieldRecordID, stringValue(b.record.RecordID)})
	}
	if b.options.Embedder != "" {
		fields = append(fields, member{FieldEmbedder, stringValue(b.options.Embedder)})
	}
	b.fields = fields
	sortMembers(fields)
	l := &layout{
		stream: s, attempt: s.attempt(chunks), omitText: b.options.OmitRawText, vectorize: b.options.Vectorize,
	}
	check := checker{malformed: b.parser.malformed}
	if err := check.document(fields, b.place, b.ownProperties(l)); err != nil {
		return nil, err
	}
	b.buf = l.appendBody(b.buf[:0], fields)
	l.body = b.takeBuffer()
	return l, nil
}

// ownProperties counts the indexed fields of a document that are not in its layout.
func (b *building) ownProperties(l *layout) int {
	s := b.record.Stream
	n := 1 // $vector is always indexed
	count := func(name string, stored bool) {
		if stored && b.place.under(name).indexed {
			n++
		}
	}
	count(FieldID, true)
	count(FieldChunkIndex, true)
	count(FieldTextHash, true)
	count(FieldText, !b.options.OmitRawText)
	count(FieldGenerationID, s.GenerationID != nil)
	count(FieldAttempt, l.attempt != "")
	return n
}

// documents makes one document a chunk: the first one with the layout first, the others with
// the layout rest.
func (b *building) documents(first, rest *layout, chunks []string) *RejectError {
	const head = len(`{"_id":""}`) + 2*2*len(hash{})
	run := len(first.appendRun(nil))
	docs := make([]Document, len(chunks))
	hashes := b.textHashes(chunks)
	prefix := appendDomain(b.buf[:0], domainStored)
	if b.vector != nil {
		prefix = appendVector(prefix, b.vector)
	}
	for i, text := range chunks {
		d, l := &docs[i], rest
		if i == 0 {
			l = first
		}
		*d = Document{Text: text, Index: i, Vector: b.vector, layout: l}
		d.TextHash = hashes[2*len(hash{})*i:][:2*len(hash{})]
		if err := b.checkText(text); err != nil {
			return err
		}
		b.buf = d.appendContent(prefix)
		content := b.buf[len(prefix):]
		content[0] = '{' // instead of the comma
		size := head + run + len(content)
		if l.vectorize && b.vector == nil {
			b.vectorize = appendString(b.vectorize[:0], text)
			size += len(`,"$vectorize":`) + len(b.vectorize)
		}
		if err := b.checkSize(size, content); err != nil {
			return err
		}
		d.size = size
		b.record.Bytes += size
		b.buf = append(b.buf, '}')
		d.content = sum(b.buf)
		prefix = b.buf[:len(prefix)]
	}
	b.record.Documents = docs
	if b.record.Stream.stampsVersions(len(docs)) {
		b.record.Version = hex.EncodeToString(b.version())
		first.attempt = b.record.Stream.Nonce + "." + b.record.Version
		rest.attempt = first.attempt
	}
	return nil
}

// version is the hash of what all documents hold.
func (b *building) version() []byte {
	b.buf = b.appendContents(appendDomain(b.buf[:0], domainVersion))
	all := sum(b.buf)
	return all[:versionBytes]
}

// textHashes returns the text hashes of all chunks in one string.
func (b *building) textHashes(chunks []string) string {
	all := make([]byte, 0, 2*len(hash{})*len(chunks))
	for _, text := range chunks {
		if b.vector != nil {
			b.buf = appendVector(appendDomain(b.buf[:0], domainVector), b.vector)
		} else {
			b.buf = appendPart(appendDomain(b.buf[:0], domainText), text)
		}
		b.buf = appendPart(b.buf, b.options.Embedder)
		all = sum(b.buf).appendHex(all)
	}
	return string(all)
}

func (b *building) checkText(text string) *RejectError {
	if len(text) > MaxIndexedStringBytes && !b.options.OmitRawText && b.place.under(FieldText).indexed {
		return reject(FieldText, "a chunk with "+longReason(len(text))+", or lower processing.chunk_size")
	}
	return nil
}

// checkSize counts characters only in a document that has more bytes than characters allowed.
func (b *building) checkSize(size int, content []byte) *RejectError {
	size += binaryLen(b.options.Dimension)
	if size <= maxDocumentChars {
		return nil
	}
	size += utf16LenBytes(content) - len(content)
	if size <= maxDocumentChars {
		return nil
	}
	return reject("", fmt.Sprintf("the document would have %d characters and %d are allowed: "+
		"store fewer fields (processing.metadata_fields) or lower processing.chunk_size", size, maxDocumentChars))
}

// identify sets the record's identity, and its key hash if that needs no ordinal.
func (b *building) identify() {
	s := b.record.Stream
	switch s.Identity {
	case IdentityContent:
		b.buf = b.appendContents(appendStream(b.buf[:0], domainContent, s))
	case IdentityRecord:
		b.buf = appendStream(b.buf[:0], domainRecord, s)
		b.buf = appendPart(b.buf, fmt.Sprint(s.SyncID))
		b.buf = appendVector(b.buf, b.vector)
		b.buf = appendCanonical(b.buf, b.root)
	default:
		b.buf = appendStream(b.buf[:0], domainKey, s)
		for _, v := range b.key.values {
			b.buf = appendPart(b.buf, v)
		}
		if b.record.Keyless = b.key.missing != nil; b.record.Keyless {
			b.buf = b.appendContents(b.buf)
		}
	}
	id := sum(b.buf)
	b.record.Identity = id
	if s.Identity == IdentityKey {
		b.record.setKey(id)
	}
}

func (b *building) appendContents(dst []byte) []byte {
	for i := range b.record.Documents {
		dst = append(dst, b.record.Documents[i].content[:]...)
	}
	return dst
}
