package localastra

import "errors"

// maxCount is operations.max-count-limit of Data API v1.0.51.
const maxCount = 1000

// countCommands are the two ways to count: exactly up to a limit, or an estimate of
// everything.
func countCommands() map[string]command {
	return map[string]command{
		"countDocuments":         {scope: collectionScope, fields: []string{"filter", "options"}, run: countDocuments},
		"estimatedDocumentCount": {scope: collectionScope, fields: []string{"options"}, run: estimatedDocumentCount},
	}
}

// countDocuments counts up to 1000. With _id: {"$in": [...]} it counts the first id
// only and fails on an empty list, as the real server does.
func countDocuments(r *request) (*reply, *apiError) {
	want, err := r.prepare()
	if err != nil {
		return nil, err
	}
	var result *reply
	err = r.view(want, func(c *collection, t reader) *apiError {
		q, err := r.parseQuery(c)
		if err != nil {
			return err
		}
		limit := maxCount + 1
		if ids, byID := q.filter.ids(); byID && len(ids) == 0 {
			return serverError(errors.New("no expressions"))
		} else if byID {
			limit = 1
		}
		n := 0
		c.each(t, q.filter, 0, func(stored) bool {
			n++
			return n < limit
		})
		result = &reply{}
		if n > maxCount {
			result.status = []field{{"moreData", boolValue(true)}}
		}
		result.status = append(result.status, field{"count", intValue(min(n, maxCount))})
		return nil
	})
	return result, err
}

// estimatedDocumentCount is exact here. The real server's lags by minutes.
func estimatedDocumentCount(r *request) (*reply, *apiError) {
	var result *reply
	err := r.view(wanted{}, func(c *collection, t reader) *apiError {
		result = &reply{status: []field{{"count", intValue(c.size(t))}}}
		return nil
	})
	return result, err
}
