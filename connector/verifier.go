package connector

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/intake"
	"destination-astra/internal/tally"
)

// verifier is the sink that makes a [Verification].
type verifier struct {
	result  *Verification
	lookup  *lookup
	exists  bool
	vectors bool
	streams map[*intake.Stream]*StreamVerification
	// seen has the keys of the input, the _ids expected of streams without a key, and
	// those already found stale.
	seen *tally.Tally
	// contents are the documents expected of streams whose _ids cannot be known.
	contents map[*intake.Stream]map[tally.Key]*wanted
}

// wanted is how often a content is expected, and what it begins with.
type wanted struct {
	times int64
	text  string
}

var _ intake.Sink = (*verifier)(nil)

// run verifies the whole input.
func (v *verifier) run(ctx context.Context, in *intake.Input) error {
	if err := in.Rehearse(ctx, v); err != nil {
		return err
	}
	if err := v.leftovers(ctx, in.Streams.List); err != nil {
		return err
	}
	v.finish(in)
	return nil
}

// close removes the temporary files.
func (v *verifier) close() error { return errors.Join(v.lookup.close(), v.seen.Close()) }

// Reject: nothing is expected of the record.
func (v *verifier) Reject(*intake.Stream, int64, *document.RejectError) error { return nil }

// Complete: leftovers are looked for at the end.
func (v *verifier) Complete(*intake.Stream) {}

// Batch compares one stretch of the input. A newer version of a record takes back what
// was found of an older one.
func (v *verifier) Batch(ctx context.Context, b *intake.Batch, landed func() error) error {
	known := intake.NewBatch()
	for _, version := range b.Versions {
		if contents := v.contents[version.Stream]; contents != nil {
			v.want(contents, version)
			continue
		}
		if err := v.see(version); err != nil {
			return err
		}
		if !version.Kept() {
			known.Versions = append(known.Versions, version)
		}
	}
	found := map[string][]stored{}
	if v.exists && len(known.Versions) > 0 {
		var err error
		if found, err = v.lookup.read(ctx, known, true); err != nil {
			return err
		}
	}
	present := map[string]*present{}
	for _, version := range known.Versions {
		if err := v.place(version, found[version.Key()], present); err != nil {
			return err
		}
	}
	if err := v.compare(ctx, present); err != nil {
		return err
	}
	return landed()
}

// present is an expected document that is there.
type present struct {
	version  *intake.Version
	document *document.Document
}

// want counts the contents of a version whose _ids cannot be known.
func (v *verifier) want(contents map[tally.Key]*wanted, version *intake.Version) {
	for i := range version.Record.Documents {
		d := &version.Record.Documents[i]
		v.streams[version.Stream].Compared++
		key := contentOf(d.ID())
		if contents[key] == nil {
			contents[key] = &wanted{text: beginning(d.Text)}
		}
		contents[key].times++
	}
}

// contentOf is the half of an _id of ours that says what is in the document.
func contentOf(id string) tally.Key {
	key, _ := tally.KeyFromHex(strings.TrimPrefix(id, document.KeyOfID(id)))
	return key
}

// see notes what the stream is expected to hold, for the search for leftovers. Of a record that
// is rejected that is what was there.
func (v *verifier) see(version *intake.Version) error {
	if version.Stream.Dedup {
		n, err := v.seen.Take(version.Record.Identity)
		if err == nil && n > 0 && !version.Kept() {
			v.streams[version.Stream].forget(version.Key())
		}
		return err
	}
	for i := range version.Record.Documents {
		if _, err := v.seen.Take(tally.HashOf(version.Record.Documents[i].ID())); err != nil {
			return err
		}
	}
	return nil
}

// place sorts a record's documents into missing, present and stale.
func (v *verifier) place(version *intake.Version, found []stored, all map[string]*present) error {
	one := v.streams[version.Stream]
	there := map[string]bool{}
	for _, s := range found {
		there[s.ID] = true
	}
	for i := range version.Record.Documents {
		d := &version.Record.Documents[i]
		one.Compared++
		if there[d.ID()] {
			all[d.ID()] = &present{version, d}
			delete(there, d.ID())
			continue
		}
		f := one.finding(version.Key(), nameOf(version, d.ID()))
		f.Missing = append(f.Missing, d.ID())
		if f.Text == "" {
			f.Text = beginning(d.Text)
		}
	}
	if !version.Stream.Dedup {
		return nil
	}
	for id := range there {
		f := one.finding(version.Key(), nameOf(version, id))
		f.Stale = append(f.Stale, id)
		if _, err := v.seen.Take(tally.HashOf(id)); err != nil {
			return err
		}
	}
	return nil
}

// compare reads the documents that are there and holds each field against the expected
// one.
func (v *verifier) compare(ctx context.Context, all map[string]*present) error {
	ids := make([]any, 0, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) {
		ids = append(ids, id)
	}
	return eachDocument(ctx, v.lookup.collection, ids, v.vectors, func(id string, got clients.Fields) error {
		p := all[id]
		if p == nil {
			return nil
		}
		want, err := fieldsOf(p.document)
		if err != nil {
			return err
		}
		fields := differing(want, got)
		if v.vectors && !v.sameVector(p.document, got) {
			fields = append(fields, "$vector")
		}
		if len(fields) > 0 {
			f := v.streams[p.version.Stream].finding(p.version.Key(), nameOf(p.version, id))
			f.Differing = append(f.Differing, id)
			f.Fields = union(f.Fields, fields)
		}
		return nil
	})
}

// differing are the fields that an _id stands for and that are not alike.
func differing(want, got clients.Fields) []string {
	var names []string
	free := func(name string) bool {
		return name == document.FieldGenerationID || name == document.FieldAttempt || name == "$vector"
	}
	for name, value := range want {
		if !free(name) && !sameValue(value, got[name]) {
			names = append(names, name)
		}
	}
	for name := range got {
		if _, expected := want[name]; !expected && !free(name) {
			names = append(names, name)
		}
	}
	return names
}

// sameVector checks that there is a vector of the right length, and its values where the
// record brings them.
func (v *verifier) sameVector(d *document.Document, got clients.Fields) bool {
	vector, err := astra.VectorFrom(got["$vector"])
	if err != nil || len(vector) == 0 {
		return false
	}
	if d.Vector != nil {
		return slices.Equal(vector, d.Vector)
	}
	return v.lookup.dimension == 0 || len(vector) == v.lookup.dimension
}

func union(a, b []string) []string {
	for _, name := range b {
		if !slices.Contains(a, name) {
			a = append(a, name)
		}
	}
	slices.Sort(a)
	return a
}
