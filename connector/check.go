package connector

import (
	"context"
	"fmt"
	"strings"
	"time"

	"destination-astra/document"
	"destination-astra/embed"
)

// checkText is what check embeds.
const checkText = "test"

// Check proves that a write with this configuration can work, and changes
// nothing: it embeds one text, reads the collections of the keyspace, compares
// the settings of an existing collection, and proves the right to write by
// deleting an _id that cannot exist. It returns sentences for the user about
// what a write would do, and an error for [Classify] when it could not work.
func (c *Connector) Check(ctx context.Context) (notes []string, err error) {
	d, err := c.describeCollection(ctx)
	if err != nil {
		return nil, err
	}
	name := c.config.Indexing.Collection
	if d == nil {
		notes = append(notes, fmt.Sprintf("The collection %q does not exist yet; the first write creates it, "+
			"with %d dimensions, the metric %s, and without an index on %s.", name, c.config.EmbedderDimension(),
			c.config.Indexing.SimilarityMetric, strings.Join(c.wantedDeny(), ", ")))
	} else {
		warnings, err := c.judgeCollection(d)
		if err != nil {
			return nil, err
		}
		for _, w := range warnings {
			notes = append(notes, fmt.Sprintf("The collection %q exists: %s.", name, w))
		}
		if err := c.proveWrite(ctx); err != nil {
			return nil, err
		}
	}
	if _, err := c.newBuilder(document.Indexing{Deny: unindexed()}); err != nil {
		return nil, err
	}
	note, err := c.proveEmbedding(ctx)
	if note != "" {
		notes = append(notes, note)
	}
	return notes, err
}

// proveWrite deletes nothing: no document of ours has this _id.
func (c *Connector) proveWrite(ctx context.Context) error {
	collection := c.database.Collection(c.config.Indexing.Collection)
	_, err := collection.DeleteMany(ctx, map[string]any{"_id": "_ab_check_" + c.config.Indexing.Collection})
	return err
}

// proveEmbedding embeds one text and says by whom, how long the vector is and
// how long it took.
func (c *Connector) proveEmbedding(ctx context.Context) (note string, err error) {
	if c.embedder == nil {
		return "", nil
	}
	e := c.config.Embedding
	if model, ok := embed.FindModel(e.Mode, e.Model); ok && model.Retired != "" {
		c.log.Warn("the provider no longer serves this model: choose another one with embedding.model",
			"model", e.Model, "since", model.Retired)
	}
	started := time.Now()
	vectors, err := c.embedder.Embed(ctx, []string{checkText})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("The embedder %s answered with a vector of %d dimensions in %d ms.",
		c.embedder.Fingerprint(), len(vectors[0]), time.Since(started).Milliseconds()), nil
}
