package connector

import (
	"context"
	"fmt"

	"destination-astra/astra"
	"destination-astra/embed"
)

// vectorsPerGet keeps replies with vectors (8 to 32 KB each) small.
const vectorsPerGet = 50

// sendable is a missing document with its vector: what insertMany takes.
type sendable struct {
	change
	vector embed.Vector
}

var _ astra.Document = (*sendable)(nil)

// ID returns the document's _id.
func (s *sendable) ID() string { return s.id }

// AppendJSON appends the whole document.
func (s *sendable) AppendJSON(dst []byte) []byte { return s.document.AppendJSON(dst, s.vector) }

// insertCalls cuts the documents into calls that stay under the limits of
// insertMany.
func insertCalls(all []sendable) func(yield func([]sendable) bool) {
	return func(yield func([]sendable) bool) {
		start, size := 0, 0
		for i := range all {
			n := all[i].document.Size() + vectorBytes(len(all[i].vector))
			full := i-start == astra.MaxInsertDocuments || size+n > maxCallBytes
			if i > start && full {
				if !yield(all[start:i]) {
					return
				}
				start, size = i, 0
			}
			size += n
		}
		if start < len(all) {
			yield(all[start:])
		}
	}
}

// maxCallBytes leaves the command around the documents room.
const maxCallBytes = astra.MaxRequestBytes - 64<<10

// vectorBytes is more than a vector takes as $binary: base64 of four bytes a
// dimension, and its name.
func vectorBytes(dimension int) int { return 6*dimension + 64 }

// need is one text that a batch needs the vector of.
type need struct {
	hash   string
	change change // the first document that needs it
	entry  *cached
	mine   bool // this batch owes the cache the vector
}

// vectors finds a vector for each missing document: in the record itself, in
// what this run has embedded already, in the stored documents, and only then
// from the embedder, which is asked once for each text.
func (a *applier) vectors(ctx context.Context, d *diff, outcomes map[*version]*outcome) ([]sendable, error) {
	all := make([]sendable, len(d.insert))
	for i, c := range d.insert {
		all[i] = sendable{change: c, vector: c.document.Vector}
	}
	if a.embedder == nil {
		return all, nil
	}
	needs := a.claim(d)
	known, err := a.storedVectors(ctx, d, needs)
	if err == nil {
		err = a.embedMissing(ctx, needs, known, outcomes)
	}
	a.fulfil(needs, known)
	if err != nil {
		return nil, err
	}
	if err := a.collect(ctx, needs, known); err != nil {
		return nil, err
	}
	for i := range all {
		all[i].vector = known[all[i].document.TextHash]
	}
	for _, c := range d.insert {
		outcomes[c.version].counts.reused++ // those embedded for it were taken off
	}
	return all, nil
}

// claim lists the batch's distinct texts. What this batch claims it embeds
// before it waits for other batches, so no two wait for each other.
func (a *applier) claim(d *diff) []*need {
	var needs []*need
	seen := map[string]bool{}
	for _, c := range d.insert {
		hash := c.document.TextHash
		if seen[hash] {
			continue
		}
		seen[hash] = true
		entry, mine := a.cache.claim(hash)
		needs = append(needs, &need{hash: hash, change: c, entry: entry, mine: mine})
	}
	return needs
}

// embedMissing embeds the claimed texts that no stored document has, and puts
// the vectors into known.
func (a *applier) embedMissing(ctx context.Context, needs []*need, known map[string]embed.Vector, outcomes map[*version]*outcome) error {
	var missing []*need
	var texts []string
	for _, n := range needs {
		if n.mine && known[n.hash] == nil {
			missing = append(missing, n)
			texts = append(texts, n.change.document.Text)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	vectors, err := a.embedder.Embed(ctx, texts)
	if err != nil {
		return err
	}
	if len(vectors) != len(texts) {
		return fmt.Errorf("embed: %d vectors for %d texts", len(vectors), len(texts))
	}
	for i, n := range missing {
		known[n.hash] = vectors[i]
		c := &outcomes[n.change.version].counts
		c.embedded++
		c.reused--
	}
	return nil
}

// fulfil keeps what this batch owes the cache; where it failed, the claim is
// taken back.
func (a *applier) fulfil(needs []*need, known map[string]embed.Vector) {
	for _, n := range needs {
		if n.mine {
			a.cache.fulfil(n.hash, n.entry, known[n.hash])
		}
	}
}

// collect takes what other batches have embedded.
func (a *applier) collect(ctx context.Context, needs []*need, known map[string]embed.Vector) error {
	for _, n := range needs {
		if n.mine || known[n.hash] != nil {
			continue
		}
		v, err := n.entry.wait(ctx)
		if err != nil {
			return err
		}
		if v == nil {
			// The batch that claimed the text failed, which ends the whole run:
			// its error is the one to report.
			<-ctx.Done()
			return ctx.Err()
		}
		known[n.hash] = v
	}
	return nil
}
