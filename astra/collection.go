package astra

import (
	"context"
	"encoding/json"
)

// Collection is one collection of a Database. It holds no state of its own and is safe
// for concurrent use; keep one writer per _id, the server answers concurrent ones with
// FAILED_CONCURRENT_OPERATIONS.
type Collection struct {
	database *Database
	name     string
}

// Name is the name given to [Database.Collection].
func (c *Collection) Name() string { return c.name }

// DeleteMany deletes the documents that match the filter and returns how many the
// server counted. The server deletes [MaxDeleteDocuments] a call; DeleteMany goes on until
// none is left, as [Paging] says.
// Beside an error the count is what was deleted so far, and a repeat after a lost
// answer counts less than was deleted. A filter that is nil or {} is ErrNoFilter.
func (c *Collection) DeleteMany(ctx context.Context, filter any) (deleted int, err error) {
	k := c.call("deleteMany")
	k.complete = func(r *reply) bool { return r.Status.DeletedCount != nil }
	matching, err := k.filter(filter)
	if err != nil {
		return 0, err
	}
	for paging := c.database.client.paging(k); ; {
		r, err := c.execute(ctx, k, object{"filter": matching})
		n := 0
		if r != nil && r.Status.DeletedCount != nil {
			n = *r.Status.DeletedCount
			deleted += n
		}
		// Not the count decides: with another deleter it may be 0 with more to come.
		if err != nil || !r.Status.MoreData {
			return deleted, err
		}
		if err := paging.Again(ctx, n); err != nil {
			return deleted, k.located(err)
		}
	}
}

// DeleteAll deletes every document of the collection, as one truncation that the
// server does not count.
func (c *Collection) DeleteAll(ctx context.Context) error {
	k := c.call("deleteMany")
	k.complete = func(r *reply) bool { return r.Status.DeletedCount != nil }
	_, err := c.execute(ctx, k, object{"filter": object{}})
	return err
}

// UpdateResult is what UpdateMany counted.
type UpdateResult struct {
	// MatchedCount leaves out documents that do not exist, without an error.
	MatchedCount int
	// ModifiedCount counts the documents that were different before.
	ModifiedCount int
	// MoreData is true when an error stopped before the last page.
	MoreData bool
}

// UpdateMany applies update to the documents that match the filter, page after page.
// It may apply it more than once, so update must set values ($set, $unset). Beside an
// error the result is what is known to be done. Only a nil error with MatchedCount
// equal to what was expected says that all are updated. A filter that is nil or {} is
// ErrNoFilter.
func (c *Collection) UpdateMany(ctx context.Context, filter, update any) (UpdateResult, error) {
	var sum UpdateResult
	k := c.call("updateMany")
	k.complete = func(r *reply) bool { return r.Status.MatchedCount != nil }
	matching, err := k.filter(filter)
	if err != nil {
		return sum, err
	}
	payload := object{"filter": matching, "update": update}
	for paging := c.database.client.paging(k); ; {
		r, err := c.execute(ctx, k, payload)
		matched := 0
		if r != nil && r.Status.MatchedCount != nil {
			matched = *r.Status.MatchedCount
			sum.MatchedCount += matched
			sum.ModifiedCount += r.Status.ModifiedCount
			sum.MoreData = r.Status.MoreData
		}
		if err != nil {
			sum.MoreData = true
			return sum, err
		}
		if !sum.MoreData {
			return sum, nil
		}
		state := r.Status.NextPageState
		more, err := paging.Next(ctx, state, matched)
		if err == nil && !more { // the first page again, for ever
			err = paging.error(ErrSamePage)
		}
		if err != nil {
			return sum, k.located(err)
		}
		payload["options"] = object{"pageState": state}
	}
}

// CountDocuments counts the documents that match the filter; nil counts all. The server
// counts to 1000: more is true when there are more. A filter with _id $in is refused
// (ErrCountByID): the server would count the first id only.
func (c *Collection) CountDocuments(
	ctx context.Context, filter any,
) (count int, more bool, err error) {
	k := c.call("countDocuments")
	k.complete = func(r *reply) bool { return r.Status.Count != nil }
	payload := object{}
	if filter != nil {
		text, err := json.Marshal(filter)
		if err != nil {
			return 0, false, k.wrap(err)
		}
		if countsByID(text) {
			return 0, false, k.wrap(ErrCountByID)
		}
		payload["filter"] = json.RawMessage(text)
	}
	r, err := c.execute(ctx, k, payload)
	if err != nil {
		return 0, false, err
	}
	return *r.Status.Count, r.Status.MoreData, nil
}

func countsByID(filter []byte) bool {
	var parsed struct {
		ID json.RawMessage `json:"_id"`
	}
	var operators map[string]json.RawMessage
	if json.Unmarshal(filter, &parsed) != nil || json.Unmarshal(parsed.ID, &operators) != nil {
		return false
	}
	_, in := operators["$in"]
	return in
}

// filter encodes a filter that must restrict something.
func (k call) filter(filter any) (json.RawMessage, error) {
	text, err := json.Marshal(filter)
	if err != nil {
		return nil, k.wrap(err)
	}
	if isEmptyObject(text) {
		return nil, k.wrap(ErrNoFilter)
	}
	return text, nil
}

// isEmptyObject reports whether text is null or an object without keys.
func isEmptyObject(text []byte) bool {
	var keys map[string]json.RawMessage
	return json.Unmarshal(text, &keys) == nil && len(keys) == 0
}

func (c *Collection) call(command string) call {
	k := c.database.call(command)
	k.collection = c.name
	k.nameless = k.nameless || c.name == ""
	return k
}

func (c *Collection) execute(ctx context.Context, k call, payload any) (*reply, error) {
	return c.database.client.execute(ctx, k, payload)
}
