package langchain

import (
	"context"

	"github.com/tmc/langchaingo/embeddings"

	"destination-astra/embed"
)

// Embedder makes one of the connector's embedders an embeddings.Embedder. Unlike
// langchaingo's own it leaves the texts as they are, line breaks included, because the
// connector does. It is safe for concurrent use.
type Embedder struct{ embedder embed.Embedder }

var _ embeddings.Embedder = (*Embedder)(nil)

// NewEmbedder returns an Embedder over e.
func NewEmbedder(e embed.Embedder) *Embedder { return &Embedder{embedder: e} }

// EmbedDocuments returns a vector for each text, in their order. Errors are those of
// [embed.Embedder].
func (e *Embedder) EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error) {
	return e.embedder.Embed(ctx, texts)
}

// EmbedQuery embeds a text that is searched for, in the way for queries where the
// embedder has one.
func (e *Embedder) EmbedQuery(ctx context.Context, text string) ([]float32, error) {
	return embed.EmbedQuery(ctx, e.embedder, text)
}
