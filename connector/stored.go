package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/clients"
)

// stored is what the diff needs to know of a document in the collection.
type stored struct {
	ID         string          `json:"-"`
	oddID      json.RawMessage // set when _id is not a string
	RecordID   string          `json:"_ab_record_id"`
	Generation *int64          `json:"_ab_generation_id"`
	Attempt    string          `json:"_ab_attempt"`
	TextHash   string          `json:"_ab_text_hash"`
	Embedder   string          `json:"_ab_embedder"`
}

// storedFields projects a document onto what [stored] holds.
func storedFields() map[string]any {
	return map[string]any{
		"_id": 1, document.FieldRecordID: 1, document.FieldGenerationID: 1, document.FieldAttempt: 1,
		document.FieldTextHash: 1, document.FieldEmbedder: 1,
	}
}

// UnmarshalJSON reads the fields; an _id that is no string (the Data API knows
// several types, and null) is kept as its JSON text, so that it can be deleted by it.
func (s *stored) UnmarshalJSON(data []byte) error {
	type plain stored
	raw := struct {
		*plain
		ID json.RawMessage `json:"_id"`
	}{plain: (*plain)(s)}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	if len(raw.ID) == 0 {
		return errors.New("no _id")
	}
	if raw.ID[0] != '"' {
		s.ID, s.oddID = string(raw.ID), raw.ID
		return nil
	}
	return json.Unmarshal(raw.ID, &s.ID)
}

// rawID is the _id in the form in which a filter takes it.
func (s stored) rawID() any {
	if s.oddID != nil {
		return s.oddID
	}
	return s.ID
}

// confirmed is the attempt that has confirmed the document; "" where _ab_attempt says of which
// version it is, which differs from record to record.
func (s stored) confirmed() string {
	if strings.Contains(s.Attempt, ".") {
		return ""
	}
	return s.Attempt
}

// stamp tells documents apart that different runs have confirmed.
func (s stored) stamp() string {
	if s.Generation == nil {
		return s.confirmed()
	}
	return strconv.FormatInt(*s.Generation, 10) + " " + s.confirmed()
}

// unchanged is the filter for documents with the same stamp, as far as it can be asked for on
// every database: that a field is absent cannot.
func (s stored) unchanged() map[string]any {
	filter := map[string]any{}
	if s.Generation != nil {
		filter[document.FieldGenerationID] = *s.Generation
	}
	if attempt := s.confirmed(); attempt != "" {
		filter[document.FieldAttempt] = attempt
	}
	return filter
}

// decodeStored reads a document that was projected onto [storedFields].
func decodeStored(raw json.RawMessage) (stored, error) {
	var d stored
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("find: document %.200s: %w", raw, err)
	}
	return d, nil
}

// eachStored calls each for every document that the query finds, projected onto
// [storedFields]. An error of each ends it.
func eachStored(ctx context.Context, coll clients.Finder, q astra.FindQuery, each func(stored) error) error {
	q.Projection, q.ShortFields = storedFields(), true
	return coll.FindAll(ctx, q, func(raw json.RawMessage) error {
		d, err := decodeStored(raw)
		if err != nil {
			return err
		}
		return each(d)
	})
}

// fieldsOf is a new document as it is going to be stored, without its vector.
func fieldsOf(d *document.Document) (clients.Fields, error) {
	var fields clients.Fields
	if err := json.Unmarshal(d.AppendJSON(nil, nil), &fields); err != nil {
		return nil, fmt.Errorf("document %s: %w", d.ID(), err)
	}
	return fields, nil
}

// eachDocument reads whole documents by _id, with or without their vectors.
func eachDocument(
	ctx context.Context, coll clients.Finder, ids []any, vectors bool, each func(id string, d clients.Fields) error,
) error {
	projection := map[string]any{"$vector": 0}
	size := astra.MaxInValues
	if vectors {
		projection, size = map[string]any{"*": 1}, vectorsPerGet
	}
	for part := range slices.Chunk(ids, size) {
		query := astra.FindQuery{Filter: map[string]any{"_id": map[string]any{"$in": part}}, Projection: projection}
		err := coll.FindAll(ctx, query, func(raw json.RawMessage) error {
			s, err := decodeStored(raw)
			if err != nil {
				return err
			}
			var d clients.Fields
			if err := json.Unmarshal(raw, &d); err != nil {
				return fmt.Errorf("find: document %.200s: %w", raw, err)
			}
			return each(s.ID, d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
