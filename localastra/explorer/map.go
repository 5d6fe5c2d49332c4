package explorer

import (
	"context"
	"unicode/utf8"
)

const (
	// maxMapPoints is how many documents a map shows: more are no easier to look at.
	maxMapPoints = 2000
	// maxMapText is how many bytes of a document's text a map carries for each point.
	maxMapText = 160
	// streamField is what points are coloured by: the connector's name of the stream.
	streamField = "_ab_stream"
	// textField is what a tooltip shows of a document.
	textField = "text"
)

// mapPoint is one document on the map.
type mapPoint struct {
	ID     string  `json:"id"` // the JSON text of the _id
	Stream string  `json:"stream"`
	Text   string  `json:"text"`
	X      float32 `json:"x"`
	Y      float32 `json:"y"`
}

// vectorMap is the answer to the page's question for a map.
type vectorMap struct {
	Points []mapPoint `json:"points"`
	Total  int        `json:"total"` // vectors in the collection
}

// vectorMap projects a collection's vectors onto the plane in which they differ most. Of a
// large collection it takes an even sample.
func (e *Explorer) vectorMap(ctx context.Context, asked question) (any, error) {
	limit := maxMapPoints
	if asked.Limit > 0 {
		limit = min(asked.Limit, maxMapPoints)
	}
	from := Source{asked.Keyspace, asked.Collection, []string{streamField, textField}}
	sample, total, err := e.data.Sample(ctx, from, limit)
	if err != nil {
		return nil, err
	}
	rows := make([][]float32, len(sample))
	for i, d := range sample {
		rows[i] = d.Vector
	}
	result := vectorMap{make([]mapPoint, len(sample)), total}
	for i, at := range project2D(rows) {
		d := sample[i]
		result.Points[i] = mapPoint{d.ID, d.Texts[0], excerpt(d.Texts[1]), at[0], at[1]}
	}
	return result, nil
}

// excerpt cuts a text to what a tooltip can show, at the boundary of a letter.
func excerpt(text string) string {
	n := maxMapText
	if len(text) <= n {
		return text
	}
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
