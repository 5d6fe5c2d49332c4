package connector

import (
	"context"
	"encoding/json"

	"destination-astra/astra"
)

// finder is what reading needs of the Data API.
type finder interface {
	Find(ctx context.Context, q astra.FindQuery) (astra.Page, error)
	FindAll(ctx context.Context, q astra.FindQuery, each func(json.RawMessage) error) error
}
