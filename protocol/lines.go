package protocol

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	readBytes = 256 << 10 // one read of stdin; lines within it are not copied
	keepBytes = 1 << 20   // a larger buffer is given back after its line
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
	long     []byte // a line that did not fit into in's buffer
	number   int64
	cut      bool  // the rest of a line that was too long is still to be read
	err      error // sticky
}

func newLineReader(in io.Reader, maxBytes int) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(in, readBytes), maxBytes: maxBytes}
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
	r.long = r.long[:0]
	r.number++
	for {
		// A line within the buffer is returned in place; only a longer one is gathered.
		part, err := r.in.ReadSlice('\n')
		text := bytes.TrimSuffix(part, []byte{'\n'})
		if len(r.long)+len(text) > r.maxBytes {
			r.tooLong(err)
			return line{text: r.beginning(text), number: r.number}, errTooLong
		}
		if len(r.long) > 0 || errors.Is(err, bufio.ErrBufferFull) {
			r.grow(len(text))
			r.long = append(r.long, text...)
			text = r.long
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

// grow makes room for n more bytes, doubling, but never far beyond the limit.
func (r *lineReader) grow(n int) {
	need := len(r.long) + n
	if need <= cap(r.long) {
		return
	}
	size := max(need, min(2*cap(r.long), r.maxBytes))
	r.long = append(make([]byte, 0, size), r.long...)
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
	if len(r.long) > 0 {
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
