package protocol

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	readBytes = 256 << 10 // one read of stdin; lines within it are not copied
	keepBytes = 1 << 20   // a larger buffer is given away with its line
	// blockBytes is how a longer line is gathered: copying a buffer that doubles would take
	// three times the line for a moment, and keep up to twice.
	blockBytes = 4 << 20
)

// errTooLong says that a line is longer than the limit.
var errTooLong = errors.New("line too long")

// line is one line of input without its newline. text is valid until the next call.
type line struct {
	text       []byte
	number     int64
	terminated bool // it ended with a newline, not with the end of input
}

// lineReader cuts its input into lines of any length up to a limit.
type lineReader struct {
	in       *bufio.Reader
	maxBytes int
	reserve  func(bytes int) error // asked before more memory is taken for a long line
	blocks   [][]byte              // of a line longer than keepBytes, before long
	blocked  int                   // bytes in blocks
	long     []byte                // a line that did not fit into in's buffer, or its end
	number   int64
	cut      bool  // the rest of a line that was too long is still to be read
	err      error // sticky
}

func newLineReader(in io.Reader, o ReaderOptions) *lineReader {
	if o.Reserve == nil {
		o.Reserve = func(int) error { return nil }
	}
	return &lineReader{in: bufio.NewReaderSize(in, readBytes), maxBytes: o.MaxLineBytes, reserve: o.Reserve}
}

// next returns the next line, errTooLong with the line's beginning, or the error of the
// reader (io.EOF at the end). After errTooLong it goes on with the line that follows.
func (r *lineReader) next() (line, error) {
	if r.err == nil && r.cut {
		r.discard()
	}
	if r.err != nil {
		return line{number: r.number}, r.err
	}
	if cap(r.long) > keepBytes {
		r.long = nil
	}
	r.long, r.blocks, r.blocked = r.long[:0], nil, 0
	r.number++
	for {
		// A line within the buffer is returned in place; only a longer one is gathered.
		part, err := r.in.ReadSlice('\n')
		text := bytes.TrimSuffix(part, []byte{'\n'})
		if r.blocked+len(r.long)+len(text) > r.maxBytes {
			r.tooLong(err)
			return line{text: r.beginning(text), number: r.number}, errTooLong
		}
		if len(r.long) > 0 || errors.Is(err, bufio.ErrBufferFull) {
			text, err = r.gather(text, err)
		}
		if err == nil {
			return line{text: text, number: r.number, terminated: true}, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			r.err = err
			return r.last(text)
		}
	}
}

// last returns what stood before the end of input. Before another error it is dropped: the
// error tells more.
func (r *lineReader) last(text []byte) (line, error) {
	if len(text) > 0 && errors.Is(r.err, io.EOF) {
		return line{text: text, number: r.number}, nil
	}
	return line{number: r.number}, r.err
}

// gather adds a part to a line that does not fit into in's buffer. It returns the whole line
// when end says that this was the last part, and end, or the error of reserve.
func (r *lineReader) gather(part []byte, end error) ([]byte, error) {
	if err := r.grow(len(part)); err != nil {
		return nil, err
	}
	r.long = append(r.long, part...)
	if errors.Is(end, bufio.ErrBufferFull) || len(r.blocks) == 0 {
		return r.long, end
	}
	n := r.blocked + len(r.long)
	if err := r.reserve(n); err != nil {
		return nil, err
	}
	whole := make([]byte, 0, n)
	for i, block := range append(r.blocks, r.long) {
		whole = append(whole, block...)
		if i < len(r.blocks) {
			r.blocks[i] = nil
		}
	}
	r.long, r.blocks, r.blocked = whole, nil, 0
	return whole, end
}

// grow makes room for n more bytes.
func (r *lineReader) grow(n int) error {
	need := len(r.long) + n
	switch {
	case need <= cap(r.long):
		return nil
	case need <= keepBytes:
		r.long = append(make([]byte, 0, max(need, min(2*cap(r.long), keepBytes))), r.long...)
		return nil
	}
	if len(r.long) > 0 {
		r.blocks, r.blocked = append(r.blocks, r.long), r.blocked+len(r.long)
	}
	size := max(n, min(blockBytes, r.maxBytes-r.blocked))
	if err := r.reserve(size); err != nil {
		return err
	}
	r.long = make([]byte, 0, size)
	return nil
}

// own returns a part of the current line that may be kept: a copy, or of a long line
// itself, whose buffer is then not used again.
func (r *lineReader) own(part []byte) []byte {
	if len(r.long) <= keepBytes {
		return bytes.Clone(part)
	}
	r.long = nil
	return part
}

// tooLong notes what follows the part of a long line that was read with err.
func (r *lineReader) tooLong(err error) {
	if errors.Is(err, bufio.ErrBufferFull) {
		r.cut = true
		return
	}
	r.err = err
}

// beginning returns the start of a line that is too long, enough to tell what it is.
func (r *lineReader) beginning(text []byte) []byte {
	switch {
	case len(r.blocks) > 0:
		text = r.blocks[0]
	case len(r.long) > 0:
		text = r.long
	}
	return text[:min(len(text), 4096)]
}

// discard reads the rest of a line that was too long.
func (r *lineReader) discard() {
	for r.cut && r.err == nil {
		_, err := r.in.ReadSlice('\n')
		switch {
		case err == nil:
			r.cut = false
		case !errors.Is(err, bufio.ErrBufferFull):
			r.err = err
		}
	}
}
