package check

import (
	"context"
	"fmt"
	"strings"
	"time"

	"destination-astra/document"
	"destination-astra/embed"
	"destination-astra/internal/clients"
	"destination-astra/spec"
)

// checkText is what check embeds.
const checkText = "test"

// Run proves that a write with this configuration can work, and leaves nothing
// behind. Where the collection exists it compares its settings, asks the filters that a
// sync needs, and proves the right to write by inserting and deleting one document that
// is no record's (ADR 0022). Where it does not exist nothing is created, so that the
// right to create and to write stays unproven, which a note says. One text is embedded
// in any case. Run returns sentences for the user about what a write would do, and an
// error when it could not work.
func Run(ctx context.Context, c *clients.Clients) (notes []string, err error) {
	d, err := c.DescribeCollection(ctx)
	if err != nil {
		return nil, err
	}
	notes = clients.PathNotes(c.Config)
	name := c.Config.Indexing.Collection
	if d == nil {
		more, err := checkServices(ctx, c)
		if err != nil {
			return nil, err
		}
		notes = append(append(notes, missingNotes(c)...), more...)
	} else {
		warnings, err := c.JudgeCollection(d)
		if err != nil {
			return nil, err
		}
		for _, w := range warnings {
			notes = append(notes, fmt.Sprintf("The collection %q exists: %s.", name, w))
		}
		if err := proveCollection(ctx, c); err != nil {
			return nil, err
		}
	}
	if _, err := c.NewBuilder(document.Indexing{Deny: clients.Unindexed()}); err != nil {
		return nil, err
	}
	note, err := proveEmbedding(ctx, c)
	if note != "" {
		notes = append(notes, note)
	}
	return notes, err
}

// missingNotes say what the first write does where there is no collection yet, and what
// check cannot know before that.
func missingNotes(c *clients.Clients) []string {
	notes := []string{
		fmt.Sprintf("The collection %q does not exist yet; the first write creates it, with %d dimensions, "+
			"the metric %s, and without an index on %s.", c.Config.Indexing.Collection, c.Config.EmbedderDimension(),
			c.Config.Indexing.SimilarityMetric, strings.Join(c.WantedDeny(), ", ")),
	}
	if _, local := c.Config.Indexing.Endpoint.IsLocal(); local {
		return notes
	}
	notes = append(notes, "A check creates nothing, so it did not prove that the token's role may create a collection "+
		"and write to it.")
	if !c.Config.Indexing.Endpoint.IsAstra() {
		notes = append(notes, "Nor could it ask whether the database behind this Data API answers the filters of a sync: "+
			"the first write asks before it stores anything.")
	}
	return notes
}

// proveCollection proves that a sync can work with the collection that exists.
func proveCollection(ctx context.Context, c *clients.Clients) error {
	coll := c.Database.Collection(c.Config.Indexing.Collection)
	if _, err := clients.ProveFilters(ctx, coll); err != nil {
		return err
	}
	if c.Config.Embedding.Mode == spec.ModeAstraVectorize {
		if err := proveVectorize(ctx, c, coll); err != nil {
			return err
		}
	}
	return clients.ProveWrite(ctx, coll)
}

// proveEmbedding embeds one text and says by whom, how long the vector is and
// how long it took.
func proveEmbedding(ctx context.Context, c *clients.Clients) (note string, err error) {
	if c.Embedder == nil {
		return "", nil
	}
	e := c.Config.Embedding
	if model, ok := embed.FindModel(e.Mode, e.Model); ok && model.Retired != "" {
		c.Log.Warn("the provider no longer serves this model: choose another one with embedding.model",
			"model", e.Model, "since", model.Retired)
	}
	started := time.Now()
	vectors, err := c.Embedder.Embed(ctx, []string{checkText})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("The embedder %s answered with a vector of %d dimensions in %d ms.",
		c.Embedder.Fingerprint(), len(vectors[0]), time.Since(started).Milliseconds()), nil
}
