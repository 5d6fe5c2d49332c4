package document

import (
	"strings"

	"destination-astra/protocol"
)

// Identity says what makes two records of a stream the same one.
type Identity int

const (
	// IdentityKey: the textual values of the primary key (append_dedup with a key). A path that
	// is missing in a record counts as "__not_found__" together with the whole stored content,
	// so that records without a key do not replace each other.
	IdentityKey Identity = iota
	// IdentityContent: what is stored of the record, and an ordinal among equal ones (a full
	// refresh that replaces what was there).
	IdentityContent
	// IdentityRecord: the sync id, the whole record without the excluded fields, and an ordinal
	// among equal ones (append).
	IdentityRecord
)

// Stream is what the documents of a configured stream have in common. It must not change while
// a record built for it is in use.
type Stream struct {
	Descriptor protocol.StreamDescriptor
	PrimaryKey [][]string // paths of literal names; an array's elements go by their index
	Identity   Identity
	// Dedup: the stream is append_dedup, so its documents carry _ab_record_id if it has a key.
	Dedup  bool
	SyncID int64 // used by IdentityRecord
	// GenerationID is stored as _ab_generation_id; nil stores none (0 is a generation).
	GenerationID *int64
	Attempt      string // stored as _ab_attempt; "" stores none
	// Nonce names the attempt where Attempt does not. Documents of a record of several chunks
	// with a key then hold it as _ab_attempt, with the record's Version behind a dot: so
	// that a version that was stored in part can be told from the one before it.
	Nonce string
}

// Name returns what is stored as _ab_stream: "namespace_name", or "name" without a namespace.
func (s Stream) Name() string {
	if s.Descriptor.Namespace == "" {
		return s.Descriptor.Name
	}
	return s.Descriptor.Namespace + "_" + s.Descriptor.Name
}

// versionBytes is how much of a hash tells the versions of one record apart.
const versionBytes = 8

// stampsVersions reports whether the documents of a record of so many chunks say of which
// version they are.
func (s *Stream) stampsVersions(chunks int) bool {
	return s.Nonce != "" && s.Attempt == "" && s.Identity == IdentityKey && chunks > 1
}

// attempt is what _ab_attempt holds, with zeros for a version that is not known yet.
func (s *Stream) attempt(chunks int) string {
	if s.stampsVersions(chunks) {
		return s.Nonce + "." + strings.Repeat("0", 2*versionBytes)
	}
	return s.Attempt
}
