package connector

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/intake"
)

// Bounds of the search for fields that change in every record: how many changed records
// of a stream are compared with what is stored, and how many there must be before a
// field that differs in all of them means anything.
const (
	watchedRecords    = 200
	minWatchedRecords = 5
)

// fieldWatch counts, over changed records, which of their fields differ from what is
// stored. A field that differs in all of them (a time of extraction, a counter) makes
// every sync write every record.
type fieldWatch struct {
	compared  int
	changed   map[string]int
	reordered int // whose text says the same in another order
}

func newFieldWatch() *fieldWatch { return &fieldWatch{changed: map[string]int{}} }

// result names the fields that differed in every compared record.
func (f *fieldWatch) result() (compared int, fields []string) {
	for name, n := range f.changed {
		if n == f.compared && n >= minWatchedRecords {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	return f.compared, fields
}

// compare looks at the source's fields only: those of the layout follow from them.
func (f *fieldWatch) compare(old, fresh clients.Fields) {
	f.compared++
	if reordered(old[document.FieldText], fresh[document.FieldText]) {
		f.reordered++
	}
	for name, value := range fresh {
		if !document.IsOwnField(name) && !sameValue(old[name], value) {
			f.changed[name]++
		}
	}
	for name := range old {
		if _, still := fresh[name]; !still && !document.IsOwnField(name) {
			f.changed[name]++
		}
	}
}

// reordered reports whether two texts, as JSON, are other texts of the same lines: a field
// is a line, and without processing.text_fields the lines are in the order of the input.
func reordered(old, fresh json.RawMessage) bool {
	var texts [2]string
	if json.Unmarshal(old, &texts[0]) != nil || json.Unmarshal(fresh, &texts[1]) != nil || texts[0] == texts[1] {
		return false
	}
	var lines [2][]string
	for i, text := range texts {
		for line := range strings.Lines(text) {
			lines[i] = append(lines[i], strings.TrimSpace(line))
		}
		slices.Sort(lines[i])
	}
	return slices.Equal(lines[0], lines[1])
}

// watchFields compares the batch's changed records, until there were enough, with one of
// the documents that they replace. All documents of a record have the same metadata.
func (p *planner) watchFields(ctx context.Context, b *intake.Batch, work map[*intake.Version]*planWork) error {
	owner := map[string]*intake.Version{} // by _id of the stored document
	for _, v := range b.Versions {
		watch := p.streams[v.Stream].watch
		w := work[v]
		if len(w.stale) == 0 || len(v.Record.Documents) == 0 || watch.compared+len(owner) >= watchedRecords {
			continue
		}
		owner[w.stale[0].stored.ID] = v
	}
	if len(owner) == 0 {
		return nil
	}
	wanted := make([]any, 0, len(owner))
	for _, v := range b.Versions {
		if w := work[v]; len(w.stale) > 0 && owner[w.stale[0].stored.ID] == v {
			wanted = append(wanted, w.stale[0].stored.rawID())
		}
	}
	return eachDocument(ctx, p.finds.Finder, wanted, false, func(id string, old clients.Fields) error {
		v := owner[id]
		if v == nil {
			return nil
		}
		fresh, err := fieldsOf(&v.Record.Documents[0])
		if err == nil {
			p.streams[v.Stream].watch.compare(old, fresh)
		}
		return err
	})
}
