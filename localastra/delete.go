package localastra

// maxDelete is operations.max-document-delete-count of Data API v1.0.51.
const maxDelete = 20

// deleteCommands are deleteOne and deleteMany. Neither has options: the Data API
// refuses a call that brings some.
func deleteCommands() map[string]command {
	return map[string]command{
		"deleteOne": {scope: collectionScope, write: true, fields: []string{"filter", "options", "sort"},
			run: deleteOne},
		"deleteMany": {scope: collectionScope, write: true, fields: []string{"filter", "options"}, run: deleteMany},
	}
}

// deleteOne deletes the first document that matches, in the order of sort. Unlike
// updateOne it insists on a filter (Data API v1.0.51, observed).
func deleteOne(r *request) (*reply, *apiError) {
	if filter, _ := r.args.get("filter"); filter.kind == kindNull {
		return nil, invalidValue("command.filterDefinition", value{}, "must not be null")
	}
	want, err := r.prepare()
	if err != nil {
		return nil, err
	}
	deleted := 0
	err = r.update(func(c *collection, t tx) (*apiError, error) {
		d, refusal := r.target(c, t, want)
		deleted = 0
		if refusal != nil || d == nil {
			return refusal, nil
		}
		deleted = 1
		return nil, c.remove(t, *d)
	})
	if err != nil {
		return nil, err
	}
	r.count(deleted)
	return &reply{status: []field{{"deletedCount", intValue(deleted)}}}, nil
}

// target finds the one document that a command is about: nil when there is none. It
// runs inside an update.
func (r *request) target(c *collection, t reader, want wanted) (*stored, *apiError) {
	q, err := r.parseQuery(c)
	if err != nil {
		return nil, err
	}
	c.build(t, want)
	var found []stored
	switch {
	case q.sort.ranked():
		q.limit = 1
		for _, hit := range c.hits(t, q) {
			if d, ok := c.load(t, hit.seq); ok {
				found = append(found, d)
			}
		}
	case !q.sort.empty():
		found = c.some(t, q.filter, maxSortedRows)
		q.sort.order(found)
	default:
		found = c.some(t, q.filter, 1)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return &found[0], nil
}

// deleteMany deletes up to 20 documents and says moreData when there are others. An
// empty filter truncates the collection and answers -1.
func deleteMany(r *request) (*reply, *apiError) {
	want, err := r.prepare()
	if err != nil {
		return nil, err
	}
	var result *reply
	deleted := 0
	err = r.update(func(c *collection, t tx) (*apiError, error) {
		q, refusal := r.parseQuery(c)
		if refusal != nil {
			return refusal, nil
		}
		if filter, _ := r.args.get("filter"); len(filter.fields) == 0 {
			result = &reply{status: []field{{"deletedCount", intValue(-1)}}}
			return nil, c.truncate(t)
		}
		c.build(t, want)
		found := c.some(t, q.filter, maxDelete+1)
		deleted = min(len(found), maxDelete)
		for _, d := range found[:deleted] {
			if err := c.remove(t, d); err != nil {
				return nil, err
			}
		}
		result = &reply{}
		if len(found) > maxDelete {
			result.status = []field{{"moreData", boolValue(true)}}
		}
		result.status = append(result.status, field{"deletedCount", intValue(deleted)})
		return nil, nil
	})
	r.count(deleted)
	return result, err
}
