package localastra

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
)

// Layout of the two headers ("meta pages") of a bbolt file, in the byte order of the
// machine. Each transaction overwrites the older one.
const (
	headerMagic    = 0xED0CDAED
	headerOffset   = 16 // behind the page's own header
	headerBytes    = 64 // up to and with the checksum
	headerChecksum = 56
)

// header is what one of them says.
type header struct {
	pageBytes      int64
	root, freelist int64 // pages
	pages          int64 // the file has at least so many
	transaction    uint64
}

// checkHeaders looks at a file before it is mapped: both headers must be whole, and the
// file as long as they say. A header is written at once, within one sector, so one that
// is broken was broken later; the storage engine would go back to the other one, and
// with it to the state before the last transaction. A file that is absent or empty is
// fine. Another process may write a header at the same moment: what looks broken is
// looked at again.
func checkHeaders(path string) error {
	var err error
	for range 3 {
		if err = readHeaders(path); err == nil {
			return nil
		}
	}
	return err
}

// readHeaders is one look at both headers.
func readHeaders(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	first, err := readHeader(file, 0)
	if err != nil {
		return &DamagedError{path, err.Error()}
	}
	if first == nil {
		return nil
	}
	second, err := readHeader(file, first.pageBytes)
	if err != nil {
		return &DamagedError{path, err.Error()}
	}
	if second == nil {
		return &DamagedError{path, "it ends within its headers"}
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if need := max(first.pages, second.pages) * first.pageBytes; info.Size() < need {
		return &DamagedError{path, fmt.Sprintf("it has %d bytes of %d", info.Size(), need)}
	}
	return nil
}

// readHeader reads the header at an offset. It is nil when the file ends before it.
func readHeader(file io.ReaderAt, offset int64) (*header, error) {
	page := make([]byte, headerOffset+headerBytes)
	n, err := file.ReadAt(page, offset)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return nil, nil
	case errors.Is(err, io.EOF):
		return nil, errors.New("it ends within its headers")
	case err != nil:
		return nil, err
	}
	meta := page[headerOffset:]
	sum := fnv.New64a()
	_, _ = sum.Write(meta[:headerChecksum]) // a hash takes everything
	pageBytes := int64(binary.NativeEndian.Uint32(meta[8:]))
	if binary.NativeEndian.Uint32(meta) != headerMagic || sum.Sum64() != binary.NativeEndian.Uint64(meta[headerChecksum:]) ||
		pageBytes < 512 {
		return nil, errors.New("a header has a wrong checksum, or this is no database")
	}
	number := func(at int) int64 { return int64(binary.NativeEndian.Uint64(meta[at:])) }
	return &header{pageBytes: pageBytes, root: number(16), freelist: number(32), pages: number(40),
		transaction: uint64(number(48))}, nil
}
