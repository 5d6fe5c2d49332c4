package localastra

import "sync/atomic"

// PorterStem is what the analyzer "english" makes of a word.
var PorterStem = porterStem

// FailCommits puts an engine below the server that asks commit at the end of each
// transaction, and undoes the transaction when it returns an error, as a full disk would.
// It is called before the server is used.
func (s *Server) FailCommits(commit func() error) {
	s.store.engine = failingEngine{s.store.engine, commit}
}

// failingEngine is an engine that cannot always commit.
type failingEngine struct {
	engine
	commit func() error
}

// update implements engine.
func (e failingEngine) update(fn func(tx) error) error {
	return e.engine.update(func(t tx) error {
		if err := fn(t); err != nil {
			return err
		}
		return e.commit()
	})
}

// Of the numbers: the form that is stored, the order, and the key that equal ones share.
var NormalizeNumber = normalizeNumber

// CompareNumbers orders two JSON numbers.
func CompareNumbers(a, b string) int { return parseDecimal(a).compare(parseDecimal(b)) }

// NumberKey is what two JSON numbers share exactly when they are equal.
func NumberKey(literal string) string { return string(parseDecimal(literal).appendKey(nil)) }

// Stored is the form in which a text of JSON is stored; ok is false when a request may not
// have it.
func Stored(text string) (stored string, ok bool) {
	v, err := parseJSON(text)
	return v.json(), err == nil
}

// ReadStored reads what was stored, and returns it as an answer has it.
func ReadStored(stored string) string { return parseStored([]byte(stored)).json() }

// DecodeEmbedding gives the fuzz target the decoder alone.
var DecodeEmbedding = decodeEmbedding

// CountVectorScans puts an engine below the server that counts how often all vectors of a
// collection are read. It is called before the server is used.
func (s *Server) CountVectorScans() *atomic.Int64 {
	e := scannedEngine{s.store.engine, new(atomic.Int64)}
	s.store.engine = e
	return e.scans
}

// scannedEngine is an engine that counts scans.
type scannedEngine struct {
	engine
	scans *atomic.Int64
}

// view implements engine.
func (e scannedEngine) view(fn func(reader) error) error {
	return e.engine.view(func(t reader) error { return fn(scannedReader{t, e.scans}) })
}

// scannedReader is a reader of a scannedEngine.
type scannedReader struct {
	reader
	scans *atomic.Int64
}

// ascend implements reader.
func (r scannedReader) ascend(collection uint64, t table, from uint64, fn func(uint64, []byte) bool) {
	if t == vectorsTable {
		r.scans.Add(1)
	}
	r.reader.ascend(collection, t, from, fn)
}

// DropCaches forgets what searches have loaded, as a failed write does.
func (s *Server) DropCaches() error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.store.reload()
}
