package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/intake"
)

// Bounds of the search for a field that tells records apart in a stream without a key.
const (
	guessedRecords  = 20
	guessedFields   = 6
	guessTries      = 3 // records looked up by a field before it is given up
	maxGuessedBytes = 200
)

// guess keeps the first new records of a stream that is replaced and has no key. There
// a record that changed in any field looks like a new one, and like an old one that is
// gone. To see which fields changed, the planner looks for its old self by the value of
// a field that is different in each of them.
func (p *planner) guess(v *intake.Version) error {
	one := p.streams[v.Stream]
	if v.Stream.Dedup || !v.Stream.Replacing || v.Stream.Fresh || len(one.guesses) == guessedRecords {
		return nil
	}
	fields, err := fieldsOf(&v.Record.Documents[0])
	if err == nil {
		one.guesses = append(one.guesses, fields)
	}
	return err
}

// compareGuesses compares the kept records with what is stored, by the first field that
// finds them.
func (p *planner) compareGuesses(ctx context.Context, s *intake.Stream) error {
	one := p.streams[s]
	if len(one.guesses) < minWatchedRecords || one.Unchanged > 0 {
		return nil
	}
	for _, name := range distinctFields(one.guesses) {
		watch := newFieldWatch()
		for i, fresh := range one.guesses {
			old, err := p.lookUp(ctx, s, name, fresh[name])
			if err != nil {
				return err
			}
			if old != nil {
				watch.compare(old, fresh)
			}
			if watch.compared == 0 && i+1 == guessTries {
				break
			}
		}
		if watch.compared >= minWatchedRecords {
			one.watch = watch
			return nil
		}
	}
	return nil
}

// lookUp returns a stored document of the stream with the value in the field; nil when
// there is none, or when the server does not filter by the field.
func (p *planner) lookUp(
	ctx context.Context, s *intake.Stream, name string, value json.RawMessage,
) (clients.Fields, error) {
	var found clients.Fields
	err := p.finds.Finder.FindAll(ctx, astra.FindQuery{
		Filter:     map[string]any{document.FieldStream: s.Name(), astra.EscapePath(name): value},
		Projection: map[string]any{"$vector": 0},
		Limit:      1,
	}, func(raw json.RawMessage) error { return json.Unmarshal(raw, &found) })
	var e *astra.Error
	if errors.As(err, &e) && e.Family == astra.FamilyRequest {
		return nil, nil
	}
	return found, err
}

// distinctFields are fields with a short plain value that is another one in each record,
// those that are called like keys first.
func distinctFields(records []clients.Fields) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(records[0])) {
		seen := map[string]bool{}
		for _, r := range records {
			if value := bytes.TrimSpace(r[name]); len(value) <= maxGuessedBytes && isPlain(value) {
				seen[string(value)] = true
			}
		}
		if len(seen) == len(records) && !document.IsOwnField(name) {
			names = append(names, name)
		}
	}
	keys := []string{"id", "_ab_field___id", "uuid", "key"}
	slices.SortStableFunc(names, func(a, b string) int {
		x, y := slices.Contains(keys, a), slices.Contains(keys, b)
		switch {
		case x == y:
			return 0
		case x:
			return -1
		default:
			return 1
		}
	})
	return names[:min(len(names), guessedFields)]
}

// isPlain reports a string or a number.
func isPlain(value []byte) bool {
	return len(value) > 0 && (value[0] == '"' || value[0] == '-' || value[0] >= '0' && value[0] <= '9')
}
