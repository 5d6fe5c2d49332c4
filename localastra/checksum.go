package localastra

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	// sealMark begins a value with a checksum. No value of layout 1 begins with it, nor
	// with what one flipped bit makes of it.
	sealMark = 0xC1
	// sealBytes is what a seal takes of a value: the mark and the checksum.
	sealBytes = 5
)

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal puts a checksum before a value. It covers the key, so that a value under another
// key does not pass, and the kind of table.
func seal(of table, key, content []byte) []byte {
	sealed := make([]byte, 0, sealBytes+len(content))
	sealed = append(sealed, sealMark)
	sealed = binary.BigEndian.AppendUint32(sealed, checksum(of, key, content))
	return append(sealed, content...)
}

// unseal returns the content of a value; ok is false when it, or its key, is not what
// was stored. A value of layout 1 has no checksum: it passes when it begins as values of
// its table do.
func unseal(of table, key, sealed []byte) (content []byte, ok bool) {
	if len(sealed) == 0 || of.ordered() && len(key) != seqBytes {
		return nil, false
	}
	if sealed[0] != sealMark {
		return sealed, plausible(of, sealed)
	}
	if len(sealed) < sealBytes {
		return nil, false
	}
	content = sealed[sealBytes:]
	if binary.BigEndian.Uint32(sealed[1:]) != checksum(of, key, content) {
		return nil, false
	}
	return content, true
}

// checksum is CRC-32C of the table, the key and the content.
func checksum(of table, key, content []byte) uint32 {
	sum := crc32.Update(0, castagnoli, []byte{byte(of)})
	return crc32.Update(crc32.Update(sum, castagnoli, key), castagnoli, content)
}

// plausible tells whether a value without a checksum has the form of its table.
func plausible(of table, content []byte) bool {
	switch of {
	case idsTable:
		return len(content) == seqBytes
	case vectorsTable:
		return content[0] == storedArray || content[0] == storedBinary
	default:
		return content[0] == '{' && content[len(content)-1] == '}'
	}
}
