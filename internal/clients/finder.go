package clients

import (
	"context"
	"encoding/json"

	"destination-astra/astra"
)

// Finder is what reading needs of the Data API.
type Finder interface {
	Find(ctx context.Context, q astra.FindQuery) (astra.Page, error)
	FindAll(ctx context.Context, q astra.FindQuery, each func(json.RawMessage) error) error
}

// Fields is a document by field, whose values stay as they came: a number must not lose digits.
type Fields = map[string]json.RawMessage
