package localastra

// table names one of the three tables of a collection.
type table byte

const (
	// documentsTable maps a sequence number to JSON text without the vector.
	documentsTable table = 'd'
	// vectorsTable maps a sequence number to a stored vector.
	vectorsTable table = 'v'
	// idsTable maps the key of an _id to a sequence number.
	idsTable table = 'i'
)

// engine keeps bytes: in memory or in a file. The store calls update and close
// exclusively, and view concurrently with other views.
type engine interface {
	view(fn func(tx) error) error
	// update commits what fn wrote when it returns nil, durably, and nothing otherwise.
	update(fn func(tx) error) error
	close() error
}

// tx reads and, within update, writes. Slices it returns are valid until it ends.
type tx interface {
	// get returns nil for an absent key.
	get(collection uint64, t table, key []byte) []byte
	put(collection uint64, t table, key, content []byte) error
	remove(collection uint64, t table, key []byte) error
	// ascend calls fn in the order of sequence numbers, from the first that is not
	// below from, until fn returns false. Not for idsTable.
	ascend(collection uint64, t table, from uint64, fn func(seq uint64, content []byte) bool)
	// last is the highest sequence number in documentsTable.
	last(collection uint64) uint64
	// drop forgets all of a collection.
	drop(collection uint64) error
	catalog() []byte
	putCatalog(content []byte) error
}
