package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/intake"
	"destination-astra/internal/tally"
)

// Limits of the diff's reads. A read by key returns every document of its keys, on some
// backends in one reply however many they are, so it asks for few keys at a time, and for
// fewer after answers of more than documentsPerGet.
const (
	keysPerGet      = 25
	documentsPerGet = 100
)

// lookup reads what the collection holds of the records that come: a write compares them with
// it, and so do plan and verify, which only read. It is safe for concurrent use by batches that
// share no key. Close it when done.
type lookup struct {
	collection clients.Finder
	embedder   string       // what _ab_embedder of new documents holds
	dimension  int          // of the vectors to reuse
	written    *tally.Tally // keys of streams that were empty at the start
	recordIDs  *recordIDs
	ours       map[*intake.Stream]*ours // of each stream of the run
}

// wrote notes the keys of the batch, which has been stored: of streams that were empty at the
// start only those need a read.
func (l *lookup) wrote(b *intake.Batch) error {
	for _, v := range b.Versions {
		if v.Stream.Dedup && v.Stream.Fresh {
			if _, err := l.written.Take(v.Record.Identity); err != nil {
				return err
			}
		}
	}
	return nil
}

// close removes the temporary files.
func (l *lookup) close() error {
	return errors.Join(l.written.Close(), l.recordIDs.close())
}

// read returns the documents that are stored for the batch's versions, by key
// hash: of a record with a key all documents of the key, of the others those with
// the _id of a new document (records without their key share one _ab_record_id,
// which would find all of them each time). Streams that were empty at the start need no read,
// except for keys that this run has written already, or when the batch is
// looked at again.
func (l *lookup) read(ctx context.Context, b *intake.Batch, again bool) (map[string][]stored, error) {
	found := map[string][]stored{}
	byID := map[*intake.Stream][]string{}
	byKey := map[*intake.Stream][]*intake.Version{}
	for _, v := range b.Versions {
		needed, err := l.mustRead(v)
		switch {
		case err != nil:
			return nil, err
		case !needed && !again:
		case v.Replaces():
			byKey[v.Stream] = append(byKey[v.Stream], v)
		default:
			for i := range v.Record.Documents {
				byID[v.Stream] = append(byID[v.Stream], v.Record.Documents[i].ID())
			}
		}
	}
	for s, versions := range byKey {
		if err := l.readKeys(ctx, s, versions, found); err != nil {
			return nil, fmt.Errorf("stream %q: %w", s.Descriptor, err)
		}
	}
	for s, ids := range byID {
		if err := l.readIDs(ctx, ids, found); err != nil {
			return nil, fmt.Errorf("stream %q: %w", s.Descriptor, err)
		}
	}
	return found, nil
}

func (l *lookup) mustRead(v *intake.Version) (bool, error) {
	if !v.Stream.Fresh {
		return true, nil
	}
	if !v.Stream.Dedup {
		return false, nil
	}
	return l.written.Has(v.Record.Identity)
}

// readKeys asks by _ab_stream and _ab_record_id and sorts the answer by key.
// The joined text of a record id can belong to several keys: a document whose
// _id starts with another key's hash is that key's. After a large answer fewer
// keys are asked for at a time.
func (l *lookup) readKeys(
	ctx context.Context, s *intake.Stream, versions []*intake.Version, found map[string][]stored,
) error {
	size := keysPerGet
	for len(versions) > 0 {
		part := versions[:min(size, len(versions))]
		versions = versions[len(part):]
		n, err := l.readSomeKeys(ctx, s, part, found)
		if err != nil {
			return err
		}
		size = max(1, min(keysPerGet, keysPerGet*documentsPerGet/max(n, documentsPerGet)))
	}
	return nil
}

func (l *lookup) readSomeKeys(
	ctx context.Context, s *intake.Stream, part []*intake.Version, found map[string][]stored,
) (int, error) {
	keys := map[string][]*intake.Version{} // by _ab_record_id
	ids := make([]string, 0, len(part))
	for _, v := range part {
		id := v.Record.RecordID
		if len(keys[id]) == 0 {
			ids = append(ids, id)
		}
		keys[id] = append(keys[id], v)
	}
	n := 0
	var foreign []stored
	err := l.find(ctx, map[string]any{
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
			if key == v.Key() {
				found[key] = append(found[key], d)
			}
		}
	})
	if err == nil {
		err = l.adopt(foreign, keys, found)
	}
	return n, err
}

// adopt gives documents whose _id is not ours (the Python connector's UUIDs) to
// the key of their record id, if that is the key's alone.
func (l *lookup) adopt(foreign []stored, keys map[string][]*intake.Version, found map[string][]stored) error {
	for _, d := range foreign {
		alone := true
		for _, v := range keys[d.RecordID] {
			only, err := l.recordIDs.alone(v)
			if err != nil {
				return err
			}
			alone = only && alone
		}
		if !alone {
			continue
		}
		for _, v := range keys[d.RecordID] {
			found[v.Key()] = append(found[v.Key()], d)
		}
	}
	return nil
}

// readIDs asks by _id; what is found goes under its key hash.
func (l *lookup) readIDs(ctx context.Context, ids []string, found map[string][]stored) error {
	for chunk := range slices.Chunk(ids, astra.MaxInValues) {
		err := l.find(ctx, map[string]any{"_id": map[string]any{"$in": chunk}}, func(d stored) {
			key := document.KeyOfID(d.ID)
			found[key] = append(found[key], d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lookup) find(ctx context.Context, filter any, each func(stored)) error {
	return eachStored(ctx, l.collection, astra.FindQuery{Filter: filter}, func(d stored) error {
		each(d)
		return nil
	})
}
