package astra

import (
	"context"
	"encoding/json"
	"fmt"
)

// EmbeddingProvider is a service by which the Data API embeds texts itself ($vectorize).
type EmbeddingProvider struct {
	DisplayName string           `json:"displayName"`
	Models      []EmbeddingModel `json:"models"`
}

// EmbeddingModel is one of a provider's models.
type EmbeddingModel struct {
	Name string `json:"name"`
}

// FindEmbeddingProviders returns the providers by the names that createCollection takes.
// A Data API that embeds nothing answers [CodeNoVectorize], and one that is too old to
// know the command [CodeUnknownCommand].
func (c *Client) FindEmbeddingProviders(ctx context.Context) (map[string]EmbeddingProvider, error) {
	k := c.call("findEmbeddingProviders")
	k.complete = func(r *reply) bool { return r.Status.Providers != nil }
	r, err := c.execute(ctx, k, object{})
	if err != nil {
		return nil, err
	}
	found := map[string]EmbeddingProvider{}
	if err := json.Unmarshal(r.Status.Providers, &found); err != nil {
		e := k.newError(0)
		e.Err = fmt.Errorf("%w: %w", ErrMalformedReply, err)
		return nil, e
	}
	return found, nil
}
