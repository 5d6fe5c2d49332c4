package astra

import (
	"context"
	"encoding/json"
)

// InsertOne stores one document, given as anything encoding/json writes as an object, unless
// there is one with its _id: then the error has the code DOCUMENT_ALREADY_EXISTS, also when it
// was stored by an earlier attempt of this call whose answer was lost.
func (c *Collection) InsertOne(ctx context.Context, document any) error {
	k := c.call("insertOne")
	k.complete = func(r *reply) bool { return r.Status.InsertedIDs != nil }
	text, err := json.Marshal(document)
	if err != nil {
		return k.wrap(err)
	}
	_, err = c.execute(ctx, k, object{"document": json.RawMessage(text)})
	return err
}

// UpdateOne applies update to one document that matches the filter, and reports whether there
// was one. The server compares and sets: of several calls at a time with a filter on what they
// change only one matches. After a lost answer a repeat may not match what the first attempt
// changed. A filter that is nil or {} is ErrNoFilter.
func (c *Collection) UpdateOne(ctx context.Context, filter, update any) (matched bool, err error) {
	k := c.call("updateOne")
	k.complete = func(r *reply) bool { return r.Status.MatchedCount != nil }
	matching, err := k.filter(filter)
	if err != nil {
		return false, err
	}
	r, err := c.execute(ctx, k, object{"filter": matching, "update": update})
	if err != nil {
		return false, err
	}
	return *r.Status.MatchedCount > 0, nil
}

// DeleteOne deletes one document that matches the filter, and reports whether there was one. A
// filter that is nil or {} is ErrNoFilter.
func (c *Collection) DeleteOne(ctx context.Context, filter any) (deleted bool, err error) {
	k := c.call("deleteOne")
	k.complete = func(r *reply) bool { return r.Status.DeletedCount != nil }
	matching, err := k.filter(filter)
	if err != nil {
		return false, err
	}
	r, err := c.execute(ctx, k, object{"filter": matching})
	if err != nil {
		return false, err
	}
	return *r.Status.DeletedCount > 0, nil
}
