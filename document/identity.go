package document

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
)

// layoutVersion is part of every hash. A new layout of documents raises it, so that the next
// sync writes them anew (and takes over vectors whose text is the same).
const layoutVersion = 1

// hash is a SHA-256 cut to 128 bits.
type hash [16]byte

func (h hash) appendHex(dst []byte) []byte { return hex.AppendEncode(dst, h[:]) }

func (h hash) String() string { return hex.EncodeToString(h[:]) }

func sum(data []byte) hash {
	full := sha256.Sum256(data)
	return hash(full[:16])
}

// The domains keep hashes of different things apart.
const (
	domainKey     = "key"
	domainContent = "content"
	domainRecord  = "record"
	domainOrdinal = "ordinal"
	domainText    = "text"
	domainVector  = "vector"
	domainStored  = "document"
	domainVersion = "version"
)

// appendDomain starts the input of a hash.
func appendDomain(dst []byte, domain string) []byte {
	return appendPart(append(dst, layoutVersion), domain)
}

// appendPart appends a part with its length in front, so that ("a", "bc") and ("ab", "c") differ.
func appendPart[T string | []byte](dst []byte, part T) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(len(part)))
	return append(dst, part...)
}

// appendStream starts the input of a hash that belongs to a stream.
func appendStream(dst []byte, domain string, s *Stream) []byte {
	dst = appendDomain(dst, domain)
	dst = appendPart(dst, s.Descriptor.Namespace)
	return appendPart(dst, s.Descriptor.Name)
}

func appendVector(dst []byte, vector []float32) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(4*len(vector)))
	for _, f := range vector {
		dst = binary.BigEndian.AppendUint32(dst, math.Float32bits(f))
	}
	return dst
}

// withOrdinal is the key hash of the n-th record among equal ones.
func (h hash) withOrdinal(n int64) hash {
	var space [64]byte
	return sum(strconv.AppendInt(append(appendDomain(space[:0], domainOrdinal), h[:]...), n, 10))
}

// recordKey is what the primary key of a record looks like.
type recordKey struct {
	values  []string // as Python's str() writes them; NotFound for a missing path
	missing []string // the last missing path, nil if the key is complete
}

// NotFound stands in a RecordID for the value of a missing path.
const NotFound = "__not_found__"

// newRecordKey looks the key up in the record as it came, before anything is excluded.
func newRecordKey(root value, paths [][]string) recordKey {
	key := recordKey{values: make([]string, len(paths))}
	for i, path := range paths {
		v, found := follow(root, path)
		switch {
		case !found:
			key.values[i], key.missing = NotFound, path
		case v.kind == kindString:
			key.values[i] = v.text
		default:
			var space [32]byte
			key.values[i] = string(appendPyStr(space[:0], v))
		}
	}
	return key
}

// recordID is the text that the Python connector stores as _ab_record_id. Different keys can
// have the same one.
func (k recordKey) recordID(stream string) string {
	if len(k.values) == 0 {
		return ""
	}
	n := len(stream)
	for _, v := range k.values {
		n += 1 + len(v)
	}
	id := append(make([]byte, 0, n), stream...)
	for _, v := range k.values {
		id = append(append(id, '_'), v...)
	}
	return string(id)
}

// keyHashLen is the length of a record's part of an _id, in hex digits.
const keyHashLen = 2 * len(hash{})

// IsID reports whether an _id has the form of [Document.ID]: other writers'
// documents have other ids.
func IsID(id string) bool {
	if len(id) != 2*keyHashLen {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// KeyOfID returns the key hash in an _id of ours, "" of another's.
func KeyOfID(id string) string {
	if !IsID(id) {
		return ""
	}
	return id[:keyHashLen]
}
