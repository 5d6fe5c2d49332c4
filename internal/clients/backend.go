package clients

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/failure"
)

// probeFilter is a filter that a sync needs, and what it is called in a message.
type probeFilter struct {
	name   string
	filter map[string]any
}

// probeFilters are the two abilities that the databases behind a Data API differ in and
// that no sync can do without. The first filter needs both at once, as the one does by
// which the diff looks its keys up; all it can match is check's trial document.
func probeFilters() []probeFilter {
	several := map[string]any{"$in": []string{TrialID, TrialID + "_"}}
	return []probeFilter{
		{"a filter on two fields with $in", map[string]any{document.FieldAttempt: TrialID, document.FieldRecordID: several}},
		{"$in on a field", map[string]any{document.FieldRecordID: several}},
		{"a filter on two fields", map[string]any{document.FieldAttempt: TrialID, document.FieldRecordID: TrialID}},
	}
}

// ProveFilters asks what a sync will ask, before anything is written. A plain Apache
// Cassandra 5.0 refuses: its CQL knows neither OR nor parentheses (Data API v1.0.51,
// observed). The error says which filter is missing. left reports whether a check that
// was cut off has left its trial document behind.
func ProveFilters(ctx context.Context, coll Finder) (left bool, err error) {
	var missing []string
	var cause error
	for i, probe := range probeFilters() {
		query := astra.FindQuery{Filter: probe.filter, Projection: map[string]any{"_id": 1}, Limit: 1, ShortFields: true}
		page, err := coll.Find(ctx, query)
		switch {
		case i == 0 && err == nil:
			return len(page.Documents) > 0, nil
		case IsRefusedFilter(err):
			missing, cause = append(missing, probe.name), err
		case err != nil:
			return false, err
		}
	}
	if len(missing) > 1 {
		missing = missing[1:] // the single ones say it all
	}
	return false, &failure.BackendError{Missing: fmt.Sprintf("does not answer %s, which every sync needs",
		strings.Join(missing, " and ")), Err: cause}
}

// IsRefusedFilter reports whether the database behind the Data API does not
// answer such a filter (Data API v1.0.51 on Cassandra 5, observed).
func IsRefusedFilter(err error) bool {
	var e *astra.Error
	return errors.As(err, &e) && e.HasCode(astra.CodeInvalidDatabaseQuery, astra.CodeUnsupportedQuery)
}
