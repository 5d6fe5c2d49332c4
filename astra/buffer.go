package astra

import (
	"io"
	"sync"
	"sync/atomic"
)

// maxPooledBytes is the largest request buffer kept for the next call: an insertMany
// of 100 documents of 1536 dimensions takes 1 MB; a rare giant must not stay.
const maxPooledBytes = 4 << 20

// buffer is a pooled request body. A transport may go on reading a body after it has
// returned an error, so the buffer counts its readers and goes back only after the last.
type buffer struct {
	bytes []byte
	refs  atomic.Int32
	pool  *sync.Pool
}

// newBuffer takes an empty buffer out of the pool; the caller must release it once.
func (c *Client) newBuffer() *buffer {
	b, ok := c.buffers.Get().(*buffer)
	if !ok {
		b = &buffer{pool: &c.buffers}
	}
	b.bytes = b.bytes[:0]
	b.refs.Store(1)
	return b
}

func (b *buffer) release() {
	if b.refs.Add(-1) == 0 && cap(b.bytes) <= maxPooledBytes {
		b.pool.Put(b)
	}
}

// reader opens one more request body over the buffer.
func (b *buffer) reader() io.ReadCloser {
	b.refs.Add(1)
	return &bodyReader{buffer: b}
}

// bodyReader reads a buffer until it is closed; the lock makes Close wait for a Read
// that is under way in another goroutine.
type bodyReader struct {
	mu     sync.Mutex
	buffer *buffer // nil after Close
	offset int
}

// Read copies the next bytes of the body; after Close it returns io.ErrClosedPipe.
func (r *bodyReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.buffer == nil {
		return 0, io.ErrClosedPipe
	}
	if r.offset == len(r.buffer.bytes) {
		return 0, io.EOF
	}
	n := copy(p, r.buffer.bytes[r.offset:])
	r.offset += n
	return n, nil
}

// Close gives the buffer back; further calls do nothing.
func (r *bodyReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.buffer != nil {
		r.buffer.release()
		r.buffer = nil
	}
	return nil
}
