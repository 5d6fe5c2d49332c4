package embed

import (
	"context"
	"sync/atomic"
)

// Vector is the embedding of one text.
type Vector = []float32

// Embedder turns texts into vectors. Its methods are safe for concurrent use.
type Embedder interface {
	// Embed returns one vector per text, in the order of texts: len(out) == len(texts).
	// Each vector has Dimension elements, all finite, not all zero, and shares no
	// memory with another. Any number of texts is allowed, and splitting them into
	// requests is the implementation's business; no text at all makes no request.
	//
	// The same text yields the same vector, up to the service's own rounding.
	// Embed repeats what may be repeated, within ctx. On any failure it returns no
	// vectors and an error: an *Error that tells what went wrong, or, once ctx has
	// ended, one that wraps ctx.Err(). It neither keeps nor changes texts.
	Embed(ctx context.Context, texts []string) ([]Vector, error)

	// Dimension is the length of every vector, at least 1, and never changes.
	Dimension() int

	// Fingerprint names what determines the vectors: provider/model/dimension.
	// Vectors of equal fingerprints may be compared and reused; it is stored beside
	// each vector as _ab_embedder. It holds no secret and never changes.
	Fingerprint() string
}

// Usage counts the work that an Embedder has done since it was made.
type Usage struct {
	// Requests counts HTTP requests, repeated ones included.
	Requests int64
	// Retries counts the requests that repeated an earlier one.
	Retries int64
	// Texts counts the texts whose vectors were received.
	Texts int64
	// Tokens adds up what the service says it has charged (usage.total_tokens);
	// 0 when it says nothing.
	Tokens int64
}

// usageCounter adds up Usage from several goroutines.
type usageCounter struct {
	requests, retries, texts, tokens atomic.Int64
}

func (u *usageCounter) usage() Usage {
	return Usage{
		Requests: u.requests.Load(),
		Retries:  u.retries.Load(),
		Texts:    u.texts.Load(),
		Tokens:   u.tokens.Load(),
	}
}
