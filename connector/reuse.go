package connector

import (
	"context"
	"encoding/json"
	"slices"

	"golang.org/x/sync/errgroup"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/embed"
)

// storedVectors reads the vectors of stored documents that have a text which
// the batch needs: of older versions of the same record, whose metadata alone
// changed; and in a stream that replaces what was there, of any document of the
// stream. A text hash covers the embedder, so such a vector is the right one.
func (a *applier) storedVectors(ctx context.Context, d *diff, needs []*need) (map[string]embed.Vector, error) {
	known := map[string]embed.Vector{}
	wanted := map[string]bool{}
	for _, n := range needs {
		wanted[n.hash] = n.mine
	}
	var ids []any
	for _, c := range d.stale {
		if wanted[c.stored.TextHash] {
			wanted[c.stored.TextHash] = false
			ids = append(ids, c.stored.rawID())
		}
	}
	more, err := a.documentsOf(ctx, needs, wanted)
	if err != nil {
		return known, err
	}
	ids = append(ids, more...)
	return known, a.readVectors(ctx, ids, known)
}

// lookups is how many documents by text hash are asked for at a time: each is a
// small read of its own.
const lookups = 8

// documentsOf returns the ids of stored documents that have the wanted texts, of
// the streams that replace what was there.
func (a *applier) documentsOf(ctx context.Context, needs []*need, wanted map[string]bool) ([]any, error) {
	ids := make([]any, len(needs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i, n := range needs {
		s := n.change.version.stream
		if !wanted[n.hash] || !s.replacing || s.fresh {
			continue
		}
		group.Go(func() (err error) {
			ids[i], err = a.documentOf(ctx, s, n.hash)
			return err
		})
	}
	err := group.Wait()
	return slices.DeleteFunc(ids, func(id any) bool { return id == nil }), err
}

// documentOf asks for one document of the stream with the text hash.
func (a *applier) documentOf(ctx context.Context, s *stream, hash string) (any, error) {
	page, err := a.collection.Find(ctx, astra.FindQuery{
		Filter:     map[string]any{document.FieldStream: s.Name(), document.FieldTextHash: hash},
		Projection: storedFields(),
		Limit:      1,
	})
	if err != nil || len(page.Documents) == 0 {
		return nil, err
	}
	d, err := decodeStored(page.Documents[0])
	return d.rawID(), err
}

// readVectors reads $vector by _id into known, by text hash. A vector that is
// missing or of another dimension is left for the embedder.
func (a *applier) readVectors(ctx context.Context, ids []any, known map[string]embed.Vector) error {
	for part := range slices.Chunk(ids, vectorsPerGet) {
		query := astra.FindQuery{
			Filter:     map[string]any{"_id": map[string]any{"$in": part}},
			Projection: map[string]any{"$vector": 1, document.FieldTextHash: 1},
		}
		err := a.collection.FindAll(ctx, query, func(raw json.RawMessage) error {
			var d struct {
				Vector json.RawMessage `json:"$vector"`
				Hash   string          `json:"_ab_text_hash"`
			}
			if err := json.Unmarshal(raw, &d); err != nil {
				return err
			}
			if v, err := astra.VectorFrom(d.Vector); err == nil && len(v) == a.embedder.Dimension() {
				known[d.Hash] = v
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
