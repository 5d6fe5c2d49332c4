package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"destination-astra/astra"
	"destination-astra/document"
)

// Limits of the diff's reads. A $in takes at most 100 values (Data API,
// operations.max-in-operator-value-size). A read by key returns every document
// of its keys, on some backends in one reply however many they are, so it asks
// for few keys at a time, and for fewer after answers of more than
// documentsPerGet.
const (
	maxIn           = 100
	keysPerGet      = 25
	documentsPerGet = 100
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
// several types) is kept as its JSON text, so that it can be deleted by it.
func (s *stored) UnmarshalJSON(data []byte) error {
	type plain stored
	raw := struct {
		*plain
		ID json.RawMessage `json:"_id"`
	}{plain: (*plain)(s)}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	if json.Unmarshal(raw.ID, &s.ID) != nil {
		s.ID, s.oddID = string(raw.ID), raw.ID
	}
	return nil
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
func eachStored(ctx context.Context, coll collection, q astra.FindQuery, each func(stored) error) error {
	q.Projection = storedFields()
	return coll.FindAll(ctx, q, func(raw json.RawMessage) error {
		d, err := decodeStored(raw)
		if err != nil {
			return err
		}
		return each(d)
	})
}

// read returns the documents that are stored for the batch's versions, by key
// hash: of a record with a key all documents of the key, of the others those with
// the _id of a new document (records without their key share one _ab_record_id,
// which would find all of them each time). Streams that were empty at the start need no read,
// except for keys that this run has written already, or when the batch is
// looked at again.
func (a *applier) read(ctx context.Context, b *batch, again bool) (map[string][]stored, error) {
	found := map[string][]stored{}
	byID := map[*stream][]string{}
	byKey := map[*stream][]*version{}
	for _, v := range b.versions {
		needed, err := a.mustRead(v)
		switch {
		case err != nil:
			return nil, err
		case !needed && !again:
		case v.replaces():
			byKey[v.stream] = append(byKey[v.stream], v)
		default:
			for i := range v.record.Documents {
				byID[v.stream] = append(byID[v.stream], v.record.Documents[i].ID())
			}
		}
	}
	for s, versions := range byKey {
		if err := a.readKeys(ctx, s, versions, found); err != nil {
			return nil, fmt.Errorf("stream %q: %w", s.Descriptor, err)
		}
	}
	for s, ids := range byID {
		if err := a.readIDs(ctx, ids, found); err != nil {
			return nil, fmt.Errorf("stream %q: %w", s.Descriptor, err)
		}
	}
	return found, nil
}

func (a *applier) mustRead(v *version) (bool, error) {
	if !v.stream.fresh {
		return true, nil
	}
	if !v.stream.Dedup {
		return false, nil
	}
	return a.written.has(v.record.Identity)
}

// readKeys asks by _ab_stream and _ab_record_id and sorts the answer by key.
// The joined text of a record id can belong to several keys: a document whose
// _id starts with another key's hash is that key's. After a large answer fewer
// keys are asked for at a time.
func (a *applier) readKeys(ctx context.Context, s *stream, versions []*version, found map[string][]stored) error {
	size := keysPerGet
	for len(versions) > 0 {
		part := versions[:min(size, len(versions))]
		versions = versions[len(part):]
		n, err := a.readSomeKeys(ctx, s, part, found)
		if err != nil {
			return err
		}
		size = max(1, min(keysPerGet, keysPerGet*documentsPerGet/max(n, documentsPerGet)))
	}
	return nil
}

func (a *applier) readSomeKeys(
	ctx context.Context, s *stream, part []*version, found map[string][]stored,
) (int, error) {
	keys := map[string][]*version{} // by _ab_record_id
	ids := make([]string, 0, len(part))
	for _, v := range part {
		id := v.record.RecordID
		if len(keys[id]) == 0 {
			ids = append(ids, id)
		}
		keys[id] = append(keys[id], v)
	}
	n := 0
	var foreign []stored
	err := a.find(ctx, map[string]any{
		document.FieldStream:   s.Name(),
		document.FieldRecordID: map[string]any{"$in": ids},
	}, func(d stored) {
		n++
		key := document.KeyOfID(d.ID)
		if key == "" {
			foreign = append(foreign, d)
			return
		}
		for _, v := range keys[d.RecordID] {
			if key == v.key() {
				found[key] = append(found[key], d)
			}
		}
	})
	if err == nil {
		err = a.adopt(foreign, keys, found)
	}
	return n, err
}

// adopt gives documents whose _id is not ours (the Python connector's UUIDs) to
// the key of their record id, if that is the key's alone.
func (a *applier) adopt(foreign []stored, keys map[string][]*version, found map[string][]stored) error {
	for _, d := range foreign {
		alone := true
		for _, v := range keys[d.RecordID] {
			only, err := a.recordIDs.alone(v)
			if err != nil {
				return err
			}
			alone = only && alone
		}
		if !alone {
			continue
		}
		for _, v := range keys[d.RecordID] {
			found[v.key()] = append(found[v.key()], d)
		}
	}
	return nil
}

// readIDs asks by _id; what is found goes under its key hash.
func (a *applier) readIDs(ctx context.Context, ids []string, found map[string][]stored) error {
	for chunk := range slices.Chunk(ids, maxIn) {
		err := a.find(ctx, map[string]any{"_id": map[string]any{"$in": chunk}}, func(d stored) {
			key := document.KeyOfID(d.ID)
			found[key] = append(found[key], d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) find(ctx context.Context, filter any, each func(stored)) error {
	return eachStored(ctx, a.collection, astra.FindQuery{Filter: filter}, func(d stored) error {
		each(d)
		return nil
	})
}
