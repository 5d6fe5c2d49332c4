package astra

import (
	"context"
	"encoding/json"
	"strings"
)

// FindQuery says which documents to read and what of them. Filter, Sort and Projection
// are encoded by encoding/json; in their field names a literal dot is written &. and an
// ampersand &&.
type FindQuery struct {
	// Filter nil matches all documents. A $in takes at most MaxInValues values.
	Filter any
	// Sort nil leaves the order to the server. By $vector the server returns up to
	// Limit (at most MaxVectorSearch) documents in one page; by a field at most 50 in all.
	Sort any
	// Projection is needed. $vector comes only when it is named. {"_id": 1},
	// {"$vector": 1} or both do not restrict, the whole document comes: name another
	// field, or use {"*": 0} for nothing at all (Data API v1.0.51, observed).
	Projection any
	// Limit is the most documents over all pages; 0 is no limit.
	Limit int
	// IncludeSimilarity adds $similarity to documents sorted by $vector.
	IncludeSimilarity bool
	// PageState is the NextPageState of the page before; "" is the first page.
	PageState string
	// ShortFields: the projection names nothing that may be long, so that MaxReplyBytes bound
	// the answer, and not MaxPageBytes.
	ShortFields bool
}

// Page is one answer to find.
type Page struct {
	// Documents are JSON objects, owned by the caller. There may be none although
	// more follow, and any number up to the server's page size.
	Documents []json.RawMessage
	// NextPageState is "" after the last page.
	NextPageState string
}

// Find reads one page. Beside an error the page may hold what was read before it.
func (c *Collection) Find(ctx context.Context, q FindQuery) (Page, error) {
	k := c.findCall(q)
	payload, err := k.query(q)
	if err != nil {
		return Page{}, err
	}
	return c.findPage(ctx, k, payload, q.PageState)
}

// FindAll reads all pages from q.PageState on and calls fn for each document, in order,
// from its own goroutine. fn owns what it gets. An error from fn ends FindAll and is
// returned as it is. It goes on over empty pages, as [Paging] says. Sorting by a field is ErrSortCutsOff.
func (c *Collection) FindAll(
	ctx context.Context, q FindQuery, fn func(json.RawMessage) error,
) error {
	k := c.findCall(q)
	payload, err := k.query(q)
	if err != nil {
		return err
	}
	if sort, ok := payload["sort"].(json.RawMessage); ok && !sortsByVector(sort) {
		return k.wrap(ErrSortCutsOff)
	}
	left := q.Limit
	paging := c.database.client.paging(k)
	for state := q.PageState; ; {
		page, err := c.findPage(ctx, k, payload, state)
		if err != nil {
			return err
		}
		for _, document := range page.Documents {
			if err := fn(document); err != nil {
				return err
			}
			if left--; left == 0 {
				return nil
			}
		}
		more, err := paging.Next(ctx, page.NextPageState, len(page.Documents))
		if err != nil || !more {
			return k.located(err)
		}
		state = page.NextPageState
	}
}

func (c *Collection) findCall(q FindQuery) call {
	k := c.call("find")
	k.complete = func(r *reply) bool { return r.Data.Documents != nil }
	if !q.ShortFields {
		k.maxReply = MaxPageBytes
	}
	return k
}

func (c *Collection) findPage(
	ctx context.Context, k call, payload object, state string,
) (Page, error) {
	if state != "" {
		payload["options"].(object)["pageState"] = state
	}
	r, err := c.execute(ctx, k, payload)
	if r == nil {
		return Page{}, err
	}
	return Page{Documents: r.Data.Documents, NextPageState: r.Data.NextPageState}, err
}

// query encodes everything but the page state.
func (k call) query(q FindQuery) (object, error) {
	options := object{}
	if q.Limit > 0 {
		options["limit"] = q.Limit
	}
	if q.IncludeSimilarity {
		options["includeSimilarity"] = true
	}
	payload := object{"options": options}
	for name, part := range map[string]any{
		"filter": q.Filter, "sort": q.Sort, "projection": q.Projection,
	} {
		if part == nil {
			continue
		}
		text, err := json.Marshal(part)
		if err != nil {
			return nil, k.wrap(err)
		}
		if !isEmptyObject(text) {
			payload[name] = json.RawMessage(text)
		}
	}
	if payload["projection"] == nil {
		return nil, k.wrap(ErrNoProjection)
	}
	return payload, nil
}

// sortsByVector reports whether the server answers the sort with all matches at once.
func sortsByVector(sort []byte) bool {
	var keys map[string]json.RawMessage
	if json.Unmarshal(sort, &keys) != nil {
		return false
	}
	_, vector := keys["$vector"]
	_, vectorize := keys["$vectorize"]
	return vector || vectorize
}

// EscapePath returns the path of a field with that name, however it is spelled: in filters,
// projections and sorts a dot means a field inside, and & takes a following dot or & as it is
// (Data API, document paths).
func EscapePath(name string) string { return strings.NewReplacer("&", "&&", ".", "&.").Replace(name) }
