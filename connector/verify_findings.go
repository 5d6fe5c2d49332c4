package connector

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/intake"
	"destination-astra/internal/quote"
	"destination-astra/internal/tally"
)

// textRunes is how much of a missing document's text a finding shows.
const textRunes = 60

// finding returns the record's finding, made when there is none.
func (s *StreamVerification) finding(key, name string) *Finding {
	if f := s.byKey[key]; f != nil {
		return f
	}
	f := &Finding{Key: quote.Brief(name)}
	s.byKey[key] = f
	s.Findings = append(s.Findings, f)
	return f
}

// forget takes back what was found of a record.
func (s *StreamVerification) forget(key string) {
	if f := s.byKey[key]; f != nil {
		delete(s.byKey, key)
		*f = Finding{} // taken off the list at the end
	}
}

// nameOf is what a person calls the record.
func nameOf(v *intake.Version, id string) string { return cmp.Or(v.Record.RecordID, id) }

// beginning is the text's first words on one line.
func beginning(text string) string {
	line := []rune(strings.Join(strings.Fields(text[:min(len(text), 8*textRunes)]), " "))
	return string(line[:min(len(line), textRunes)])
}

// leftovers looks at every document of the streams where the input alone does not tell
// which ones should be there: those that are replaced, and those compared by content.
func (v *verifier) leftovers(ctx context.Context, streams []*intake.Stream) error {
	for _, s := range streams {
		contents := v.contents[s]
		if !v.exists || !s.Replacing && contents == nil {
			continue
		}
		query := astra.FindQuery{Filter: map[string]any{document.FieldStream: s.Name()}}
		err := eachStored(ctx, v.lookup.collection, query, func(d stored) error {
			if contents != nil {
				take(contents, d)
				return nil
			}
			return v.leftover(s, d)
		})
		if err != nil {
			return err
		}
	}
	for s, contents := range v.contents {
		for content, w := range contents {
			v.lack(v.streams[s], content, w)
		}
		slices.SortFunc(v.streams[s].Findings, func(a, b *Finding) int {
			return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Key, b.Key))
		})
	}
	return nil
}

// take matches a stored document with one that is expected.
func take(contents map[tally.Key]*wanted, d stored) {
	if document.KeyOfID(d.ID) == "" {
		return
	}
	if w := contents[contentOf(d.ID)]; w != nil {
		w.times--
	}
}

// lack notes documents of which only the second half of the _id is known.
func (v *verifier) lack(one *StreamVerification, content tally.Key, w *wanted) {
	if w.times <= 0 {
		return
	}
	id := "*" + hex.EncodeToString(content[:])
	one.Findings = append(one.Findings, &Finding{
		Key: id, Missing: slices.Repeat([]string{id}, int(w.times)), Text: w.text})
}

// leftover notes a document of a replaced stream that the input does not account for.
func (v *verifier) leftover(s *intake.Stream, d stored) error {
	key := document.KeyOfID(d.ID)
	expected, err := v.seen.Has(tally.HashOf(d.ID))
	if err == nil && !expected && s.Dedup {
		expected, err = v.seenKey(key) // what is wrong with a key of the input is known
	}
	if expected || err != nil {
		return err
	}
	f := v.streams[s].finding(cmp.Or(key, d.ID), cmp.Or(d.RecordID, d.ID))
	f.Stale = append(f.Stale, d.ID)
	return nil
}

// seenKey reports whether the input has the key.
func (v *verifier) seenKey(key string) (bool, error) {
	hash, ok := tally.KeyFromHex(key)
	if !ok {
		return false, nil
	}
	return v.seen.Has(hash)
}

// finish counts what was found.
func (v *verifier) finish(in *intake.Input) {
	for i, s := range in.Streams.List {
		one := v.result.Streams[i]
		c := in.Counted(s)
		one.Records, one.Rejected = c.Received+c.Rejected, c.Rejected
		one.Findings = slices.DeleteFunc(one.Findings, func(f *Finding) bool { return f.Key == "" })
		for _, f := range one.Findings {
			one.Missing += int64(len(f.Missing))
			one.Stale += int64(len(f.Stale))
			one.Differing += int64(len(f.Differing))
			slices.Sort(f.Stale)
		}
		v.result.Differences += one.Missing + one.Stale + one.Differing
	}
	v.result.SkippedLines = in.Skipped()
	v.result.UnknownStreamRecords = in.Unknown()
}
