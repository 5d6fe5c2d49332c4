package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"destination-astra/astra"
	"destination-astra/embed"
	"destination-astra/internal/wait"
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
	hash    string
	change  change // the first document that needs it
	entry   *cached
	mine    bool  // this batch owes the cache the vector
	refused error // why the embedding service does not take the text
}

// vectors finds a vector for each missing document: in the record itself, in
// what this run has embedded already, in the stored documents, and only then
// from the embedder, which is asked once for each text. A record with a text that
// the embedder refuses is rejected.
func (a *applier) vectors(ctx context.Context, d *diff) ([]sendable, error) {
	if a.embedder == nil {
		return sendables(d.insert, nil), nil
	}
	needs := a.claim(d)
	known, err := a.lookup.storedVectors(ctx, d, needs)
	if err == nil {
		err = a.embedMissing(ctx, needs, known)
	}
	a.fulfil(needs, known)
	if err != nil {
		return nil, err
	}
	if err := a.collect(ctx, needs, known); err != nil {
		return nil, err
	}
	for _, c := range d.insert {
		c.version.Counts.Reused++ // those embedded for it were taken off
	}
	d.insert = withoutRefused(d.insert, needs)
	return sendables(d.insert, known), nil
}

// sendables joins documents with their vectors, the records' own where they
// bring one.
func sendables(changes []change, known map[string]embed.Vector) []sendable {
	all := make([]sendable, len(changes))
	for i, c := range changes {
		all[i] = sendable{change: c, vector: c.document.Vector}
		if v := known[c.document.TextHash]; v != nil {
			all[i].vector = v
		}
	}
	return all
}

// withoutRefused rejects the records with a refused text and leaves them out.
func withoutRefused(changes []change, needs []*need) []change {
	refused := map[string]error{}
	for _, n := range needs {
		if n.refused != nil {
			refused[n.hash] = n.refused
		}
	}
	if len(refused) == 0 {
		return changes
	}
	for _, c := range changes {
		if err := refused[c.document.TextHash]; err != nil {
			c.version.Refused = err
		}
	}
	return slices.DeleteFunc(changes, func(c change) bool { return c.version.Refused != nil })
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
func (a *applier) embedMissing(ctx context.Context, needs []*need, known map[string]embed.Vector) error {
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
	vectors, refused, err := a.embedSome(ctx, texts)
	if err != nil {
		return err
	}
	for i, n := range missing {
		c := &n.change.version.Counts
		c.Reused--
		if vectors[i] == nil {
			n.refused = refused
			continue
		}
		known[n.hash] = vectors[i]
		c.Embedded++
	}
	return nil
}

// embedSome embeds the texts. Where the embedder can do without the texts that
// its service refuses, their vectors are nil and refused says why.
func (a *applier) embedSome(ctx context.Context, texts []string) (vectors []embed.Vector, refused, err error) {
	some, ok := a.embedder.(embed.SomeEmbedder)
	if !ok {
		vectors, err = a.embedder.Embed(ctx, texts)
	} else {
		vectors, err = some.EmbedSome(ctx, texts)
	}
	var e *embed.Error
	if err != nil && vectors != nil && errors.As(err, &e) && len(e.Texts) > 0 {
		refused, err = err, nil
	}
	if err == nil && len(vectors) != len(texts) {
		err = fmt.Errorf("embed: %d vectors for %d texts", len(vectors), len(texts))
	}
	return vectors, refused, err
}

// fulfil keeps what this batch owes the cache; where it failed, the claim is
// taken back.
func (a *applier) fulfil(needs []*need, known map[string]embed.Vector) {
	for _, n := range needs {
		if n.mine {
			a.cache.fulfil(n.hash, n.entry, known[n.hash], n.refused)
		}
	}
}

// collect takes what other batches have embedded.
func (a *applier) collect(ctx context.Context, needs []*need, known map[string]embed.Vector) error {
	for _, n := range needs {
		if n.mine || known[n.hash] != nil {
			continue
		}
		if err := wait.Until(ctx, n.entry.ready); err != nil {
			return err
		}
		if n.entry.vector == nil && n.entry.refused == nil {
			// The batch that claimed the text failed, which ends the whole run:
			// its error is the one to report.
			<-ctx.Done()
			return ctx.Err()
		}
		if n.refused = n.entry.refused; n.refused == nil {
			known[n.hash] = n.entry.vector
		}
	}
	return nil
}

// Bounds on the vectors that a batch holds at a time. A batch of many records has few
// more documents than one call takes; one record may have any number of chunks.
const (
	maxPartBytes = 8 << 20
	vectorShare  = 32 // of the memory budget, for twice as many batches as are in flight
)

// parts cuts the missing documents into those whose vectors are held at the same time,
// one call's worth at least. What belongs to a record that was refused meanwhile is
// left out.
func (a *applier) parts(missing []change) func(yield func([]change) bool) {
	size := astra.MaxInsertDocuments
	if a.embedder != nil {
		bytes := min(a.memory/vectorShare, maxPartBytes)
		size = max(size, int(bytes)/(4*a.embedder.Dimension()))
	}
	isRefused := func(c change) bool { return c.version.Refused != nil }
	return func(yield func([]change) bool) {
		for len(missing) > 0 {
			part := slices.Clone(missing[:min(size, len(missing))])
			missing = missing[len(part):]
			if part = slices.DeleteFunc(part, isRefused); len(part) > 0 && !yield(part) {
				return
			}
		}
	}
}
