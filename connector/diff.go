package connector

import (
	"slices"

	"destination-astra/document"
	"destination-astra/internal/intake"
)

// diff is what must be done so that the collection holds the batch's versions
// and nothing older of the same records.
type diff struct {
	insert []change // documents that are not there
	raise  []change // there, but of an older generation or attempt
	stale  []change // of an older version of the record
	// present are the documents that are there of versions of which some are not.
	present []change
}

// change is one document of one version. For raise and stale the document
// itself is not needed, only its id and what is stored.
type change struct {
	version  *intake.Version
	document *document.Document
	id       string
	stored   stored
}

// newDiff compares the batch with what is stored, by key hash.
func newDiff(b *intake.Batch, found map[string][]stored, embedder string) (*diff, error) {
	d := &diff{}
	for _, v := range b.Versions {
		there := map[string]stored{}
		for _, s := range found[v.Key()] {
			if err := mayTouch(v.Stream, s, embedder); err != nil {
				return nil, err
			}
			there[s.ID] = s
		}
		d.placeAll(v, there)
		switch {
		case v.Kept():
			d.keep(v, there, embedder)
		case v.Replaces():
			for id, s := range there {
				d.stale = append(d.stale, change{version: v, id: id, stored: s})
			}
		}
	}
	return d, nil
}

// placeAll decides what becomes of the version's documents, and leaves in there what is of none.
func (d *diff) placeAll(v *intake.Version, there map[string]stored) {
	missing := len(d.insert)
	docs := v.Documents()
	var present []change
	for i := range docs {
		if s, exists := there[docs[i].ID()]; exists {
			present = append(present, change{version: v, id: s.ID, stored: s})
		}
		d.place(v, &docs[i], there)
	}
	if len(d.insert) > missing {
		d.present = append(d.present, present...)
	}
}

// keep has the stored documents of a rejected record go on into the generation
// that replaces theirs. Those of another embedder cannot.
func (d *diff) keep(v *intake.Version, there map[string]stored, embedder string) {
	for id, s := range there {
		if s.Embedder == embedder && mustRaise(v.Stream, s) && !v.Tried[id] {
			d.raise = append(d.raise, change{version: v, id: id, stored: s})
		}
	}
}

// place decides what becomes of one new document and takes it off there.
func (d *diff) place(v *intake.Version, doc *document.Document, there map[string]stored) {
	id := doc.ID()
	s, exists := there[id]
	if !exists {
		d.insert = append(d.insert, change{version: v, document: doc, id: id})
		return
	}
	delete(there, id)
	if mustRaise(v.Stream, s) {
		d.raise = append(d.raise, change{version: v, id: id, stored: s})
	}
}

// raiseExisting makes documents that turned out to be there already go the way
// of unchanged ones.
func (d *diff) raiseExisting(part []sendable, ids []string) {
	for i := range part {
		if c := part[i].change; c.version.Stream.Replacing && slices.Contains(ids, c.id) {
			d.raise = append(d.raise, c)
		}
	}
}

func byStream(changes []change) map[*intake.Stream][]change {
	all := map[*intake.Stream][]change{}
	for _, c := range changes {
		all[c.version.Stream] = append(all[c.version.Stream], c)
	}
	return all
}

// ids are the changes' ids in the form in which a filter takes them.
func ids(changes []change) []any {
	out := make([]any, len(changes))
	for i, c := range changes {
		out[i] = c.id
		if c.stored.oddID != nil {
			out[i] = c.stored.oddID
		}
	}
	return out
}
