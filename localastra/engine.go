package localastra

// table names one of the tables of a collection, or of the database.
type table byte

const (
	// documentsTable maps a sequence number to JSON text without the vector.
	documentsTable table = 'd'
	// vectorsTable maps a sequence number to a stored vector.
	vectorsTable table = 'v'
	// idsTable maps the key of an _id to a sequence number.
	idsTable table = 'i'
	// catalogTable belongs to no collection: it has the schema under catalogKey.
	catalogTable table = 'c'
)

const (
	// noCollection is the collection number under which catalogTable is kept. Numbers of
	// collections start with 1.
	noCollection uint64 = 0
	// catalogKey is the one key of catalogTable.
	catalogKey = "catalog"
)

// String names what a value of the table is.
func (t table) String() string {
	switch t {
	case documentsTable:
		return "document"
	case vectorsTable:
		return "vector"
	case idsTable:
		return "key of an _id"
	default:
		return "list of collections"
	}
}

// ordered tells whether the keys of the table are sequence numbers.
func (t table) ordered() bool { return t == documentsTable || t == vectorsTable }

// engine keeps bytes: in memory or in a file. It knows nothing of documents, so that the
// two implementations stay small and everything above them is the same. The store calls update and close
// exclusively, and view concurrently with other views.
type engine interface {
	view(fn func(reader) error) error
	// update commits what fn wrote when it returns nil, durably, and nothing otherwise.
	update(fn func(tx) error) error
	close() error
}

// reader reads what was committed and, within update, what was written so far. Slices
// it returns are valid until its transaction ends, and must not be changed.
type reader interface {
	// get returns nil for an absent key.
	get(collection uint64, t table, key []byte) []byte
	// ascend calls fn in the order of sequence numbers, from the first that is not
	// below from, until fn returns false. For ordered tables only.
	ascend(collection uint64, t table, from uint64, fn func(seq uint64, content []byte) bool)
	// missing tells the engine that something is not there that must be: the transaction
	// then ends with an error.
	missing(what string)
	// last is the highest sequence number in documentsTable.
	last(collection uint64) uint64
}

// tx reads and writes. An error of a write means that the transaction cannot commit.
type tx interface {
	reader
	put(collection uint64, t table, key, content []byte) error
	// remove of an absent key does nothing.
	remove(collection uint64, t table, key []byte) error
	// drop forgets all of a collection.
	drop(collection uint64) error
}
