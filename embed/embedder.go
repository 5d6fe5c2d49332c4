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

	// Fingerprint names what determines the vectors: provider/model/dimension, with the
	// service where it is not the provider's own.
	// Vectors of equal fingerprints may be compared and reused; it is stored beside
	// each vector as _ab_embedder. It holds no secret and never changes.
	Fingerprint() string
}

// QueryEmbedder is an Embedder whose vectors of questions may differ from those of the
// texts that are searched.
type QueryEmbedder interface {
	Embedder
	// EmbedQuery returns the vector to search with for text. Its errors are Embed's.
	EmbedQuery(ctx context.Context, text string) (Vector, error)
}

// SomeEmbedder is an Embedder that can do without the texts that its service refuses.
type SomeEmbedder interface {
	Embedder
	// EmbedSome is Embed, except for texts that the service refuses: too long ones,
	// say, or ones whose vector cannot be stored. It then returns the vectors of the
	// others, nil in the place of a refused one, beside the *Error about the first,
	// whose Texts lists all refused ones in ascending order. After any other error
	// there are no vectors.
	EmbedSome(ctx context.Context, texts []string) ([]Vector, error)
}

// EmbedQuery returns the vector to search with for text among e's vectors.
func EmbedQuery(ctx context.Context, e Embedder, text string) (Vector, error) {
	if q, ok := e.(QueryEmbedder); ok {
		return q.EmbedQuery(ctx, text)
	}
	vectors, err := e.Embed(ctx, []string{text})
	if err != nil {
		return nil, err
	}
	return vectors[0], nil
}

// Usage counts the work that an Embedder has done since it was made.
type Usage struct {
	// Requests counts HTTP requests, repeated ones included.
	Requests int64
	// Retries counts the requests that repeated an earlier one.
	Retries int64
	// Texts counts the texts whose vectors were received.
	Texts int64
	// Tokens adds up what the service says it has charged; where it says nothing,
	// the tokens as counted here.
	Tokens int64
	// Counted is the part of Tokens that the service did not report.
	Counted int64
}

// usageCounter adds up Usage from several goroutines.
type usageCounter struct {
	requests, retries, texts, tokens, counted atomic.Int64
}

// add counts a reply with vectors; charged is 0 when the service did not tell.
func (u *usageCounter) add(texts int, charged int64, ours int) {
	u.texts.Add(int64(texts))
	if charged == 0 {
		charged = int64(ours)
		u.counted.Add(charged)
	}
	u.tokens.Add(charged)
}

func (u *usageCounter) usage() Usage {
	return Usage{
		Requests: u.requests.Load(),
		Retries:  u.retries.Load(),
		Texts:    u.texts.Load(),
		Tokens:   u.tokens.Load(),
		Counted:  u.counted.Load(),
	}
}
