package connector

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/embed"
	"destination-astra/internal/intake"
	"destination-astra/internal/wait"
)

// storedVectors reads the vectors of stored documents that have a text which
// the batch needs: of older versions of the same record, whose metadata alone
// changed; and in a stream that replaces what was there, of any document of the
// stream. A text hash covers the embedder, so such a vector is the right one.
func (l *lookup) storedVectors(ctx context.Context, d *diff, needs []*need) (map[string]embed.Vector, error) {
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
	more, err := l.documentsOf(ctx, needs, wanted)
	if err != nil {
		return known, err
	}
	ids = append(ids, more...)
	return known, l.readVectors(ctx, ids, known)
}

// documentsOf returns the ids of stored documents that have the wanted texts, of
// the streams that replace what was there.
func (l *lookup) documentsOf(ctx context.Context, needs []*need, wanted map[string]bool) ([]any, error) {
	hashes := map[*intake.Stream][]string{}
	for _, n := range needs {
		if s := n.change.version.Stream; wanted[n.hash] {
			hashes[s] = append(hashes[s], n.hash)
		}
	}
	var ids []any
	for s, all := range hashes {
		found, err := l.searchTexts(ctx, s, all)
		if err != nil {
			return nil, err
		}
		ids = slices.AppendSeq(ids, maps.Values(found))
	}
	return ids, nil
}

// searchTexts looks for one document of the stream for each text hash, and
// returns the ids of those that it found, by hash. In a stream that replaces
// nothing, or that holds no vector of this embedder, there are none to find.
func (l *lookup) searchTexts(ctx context.Context, s *intake.Stream, hashes []string) (map[string]any, error) {
	found := map[string]any{}
	if !s.Replacing || s.Fresh {
		return found, nil
	}
	if ours, err := l.ours[s].ask(ctx, l, s); err != nil || !ours {
		return found, err
	}
	for part := range slices.Chunk(hashes, astra.MaxInValues) {
		if err := l.searchSome(ctx, s, part, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// maxFruitlessPages is how many pages without a new text a search follows. What
// it gives up is embedded.
const maxFruitlessPages = 20

// searchSome asks for all hashes in one call, and in another one for those that
// it did not see when there is more. Many documents may have the same text: the
// limit keeps a reply small also where a server answers a $in in one page however
// large, or fills the limit with the documents of one value alone.
func (l *lookup) searchSome(ctx context.Context, s *intake.Stream, hashes []string, found map[string]any) error {
	left := slices.Clone(hashes)
	state := ""
	for fruitless := 0; len(left) > 0 && fruitless < maxFruitlessPages; {
		page, err := l.collection.Find(ctx, astra.FindQuery{
			Filter: map[string]any{
				document.FieldStream: s.Name(), document.FieldTextHash: map[string]any{"$in": left}},
			Projection: map[string]any{"_id": 1, document.FieldTextHash: 1},
			Limit:      len(left),
			PageState:  state, ShortFields: true,
		})
		if err != nil {
			return err
		}
		for _, raw := range page.Documents {
			d, err := decodeStored(raw)
			if err != nil {
				return err
			}
			found[d.TextHash] = d.rawID()
		}
		if page.NextPageState == "" && len(page.Documents) < len(left) {
			return nil // the others are not there
		}
		before := len(left)
		left = slices.DeleteFunc(left, func(hash string) bool { return found[hash] != nil })
		state = "" // another question
		if len(left) == before {
			state = page.NextPageState
			fruitless++
		}
	}
	return nil
}

// ours is what a stream knows about documents of this run's embedder, once
// somebody asked. It is safe for concurrent use.
type ours struct {
	turn  wait.Turn
	known bool
	some  bool
}

func newOurs(all *intake.Streams) map[*intake.Stream]*ours {
	each := map[*intake.Stream]*ours{}
	for _, s := range all.List {
		each[s] = &ours{turn: wait.NewTurn()}
	}
	return each
}

// ask reports whether the stream held such a document when the first batch
// asked, which is before it wrote one. What this run embeds is in its cache.
func (o *ours) ask(ctx context.Context, l *lookup, s *intake.Stream) (some bool, err error) {
	err = o.turn.Do(ctx, func() error {
		if o.known {
			some = o.some
			return nil
		}
		err := l.collection.FindAll(ctx, astra.FindQuery{
			Filter:     map[string]any{document.FieldStream: s.Name(), document.FieldEmbedder: l.embedder},
			Projection: storedFields(),
			Limit:      1, ShortFields: true,
		}, func(json.RawMessage) error { some = true; return nil })
		o.known, o.some = err == nil, some
		return err
	})
	return some, err
}

// readVectors reads $vector by _id into known, by text hash. A vector that is
// missing or of another dimension is left for the embedder.
func (l *lookup) readVectors(ctx context.Context, ids []any, known map[string]embed.Vector) error {
	for part := range slices.Chunk(ids, vectorsPerGet) {
		query := astra.FindQuery{
			Filter:     map[string]any{"_id": map[string]any{"$in": part}},
			Projection: map[string]any{"$vector": 1, document.FieldTextHash: 1}, ShortFields: true,
		}
		err := l.collection.FindAll(ctx, query, func(raw json.RawMessage) error {
			var d struct {
				Vector json.RawMessage `json:"$vector"`
				Hash   string          `json:"_ab_text_hash"`
			}
			if err := json.Unmarshal(raw, &d); err != nil {
				return err
			}
			if v, err := astra.VectorFrom(d.Vector); err == nil && len(v) == l.dimension {
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
