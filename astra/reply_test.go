package astra_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

// TestAnAnswerWithoutItsResult says nothing of what became of the command: a gateway has cut it, say. Taken for
// an answer it would be a delete of nothing, a collection that is empty, or a document that is stored.
func TestAnAnswerWithoutItsResult(t *testing.T) {
	filter := map[string]any{"a": 1}
	update := map[string]any{"$set": filter}
	projection := map[string]any{"_id": 1}
	tests := map[string]struct {
		writes bool
		call   func(context.Context, *astra.Collection) error
	}{
		"deleteMany": {true, func(ctx context.Context, c *astra.Collection) error {
			_, err := c.DeleteMany(ctx, filter)
			return err
		}},
		"deleteMany of all": {true, func(ctx context.Context, c *astra.Collection) error { return c.DeleteAll(ctx) }},
		"deleteOne": {true, func(ctx context.Context, c *astra.Collection) error {
			_, err := c.DeleteOne(ctx, filter)
			return err
		}},
		"updateMany": {true, func(ctx context.Context, c *astra.Collection) error {
			_, err := c.UpdateMany(ctx, filter, update)
			return err
		}},
		"updateOne": {true, func(ctx context.Context, c *astra.Collection) error {
			_, err := c.UpdateOne(ctx, filter, update)
			return err
		}},
		"insertOne": {true, func(ctx context.Context, c *astra.Collection) error { return c.InsertOne(ctx, filter) }},
		"insertMany": {true, func(ctx context.Context, c *astra.Collection) error {
			_, err := c.InsertMany(ctx, notes("a"))
			return err
		}},
		"countDocuments": {false, func(ctx context.Context, c *astra.Collection) error {
			_, _, err := c.CountDocuments(ctx, filter)
			return err
		}},
		"estimatedDocumentCount": {false, func(ctx context.Context, c *astra.Collection) error {
			_, err := c.EstimatedDocumentCount(ctx)
			return err
		}},
		"find": {false, func(ctx context.Context, c *astra.Collection) error {
			_, err := c.Find(ctx, astra.FindQuery{Filter: filter, Projection: projection})
			return err
		}},
		"find of all": {false, func(ctx context.Context, c *astra.Collection) error {
			return c.FindAll(ctx, astra.FindQuery{Filter: filter, Projection: projection}, func(json.RawMessage) error { return nil })
		}},
	}
	once := func(o *astra.Options) { o.Retry.MaxAttempts = 1 }
	for name, test := range tests {
		for _, body := range []string{`{}`, `{"status":{}}`, `{"data":{},"status":null}`} {
			t.Run(name+" "+body, func(t *testing.T) {
				err := test.call(t.Context(), articles(t, script(reply(body)), once))
				require.ErrorIs(t, err, astra.ErrMalformedReply)
				require.Equal(t, test.writes, asError(t, err).OutcomeUnknown())
			})
		}
	}
}

// TestASchemaAnswerWithoutItsResult: a database is not empty because an answer was cut.
func TestASchemaAnswerWithoutItsResult(t *testing.T) {
	for name, call := range map[string]func(context.Context, *astra.Client) error{
		"findKeyspaces": func(ctx context.Context, c *astra.Client) error {
			_, err := c.FindKeyspaces(ctx)
			return err
		},
		"findCollections": func(ctx context.Context, c *astra.Client) error {
			_, err := c.Database("ks").FindCollections(ctx)
			return err
		},
		"createCollection": func(ctx context.Context, c *astra.Client) error {
			return c.Database("ks").CreateCollection(ctx, "c", astra.CollectionOptions{})
		},
		"deleteCollection": func(ctx context.Context, c *astra.Client) error { return c.Database("ks").DeleteCollection(ctx, "c") },
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, script(reply(`{"status":{}}`)), func(o *astra.Options) { o.Retry.MaxAttempts = 1 })
			require.ErrorIs(t, call(t.Context(), client), astra.ErrMalformedReply)
		})
	}
}
