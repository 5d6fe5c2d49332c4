package localastra

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

// explorerMap projects a collection's vectors onto the plane in which they differ most.
// Of a large collection it takes an even sample.
func (s *Server) explorerMap(asked question) (any, error) {
	limit := maxMapPoints
	if asked.Limit > 0 {
		limit = min(asked.Limit, maxMapPoints)
	}
	r := &request{ctx: context.Background(), server: s, keyspace: asked.Keyspace, collection: asked.Collection}
	result := vectorMap{Points: []mapPoint{}}
	var rows [][]float32
	err := r.view(wanted{vectors: true}, func(c *collection, t reader) *apiError {
		if c.options.vector == nil {
			return c.noVectors()
		}
		vectors := c.vectors
		if vectors == nil {
			vectors = c.loadVectors(t)
		}
		result.Total = len(vectors.seqs)
		for i := range min(limit, result.Total) {
			at := i * result.Total / min(limit, result.Total)
			d, ok := c.load(t, vectors.seqs[at])
			if !ok {
				continue
			}
			rows = append(rows, append([]float32(nil), vectors.row(at)...))
			result.Points = append(result.Points, newMapPoint(d))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, p := range project2D(rows) {
		result.Points[i].X, result.Points[i].Y = p[0], p[1]
	}
	return result, nil
}

// newMapPoint takes what the map shows of a document. The text is cut to what a tooltip
// can show, at the boundary of a letter.
func newMapPoint(d stored) mapPoint {
	stream, _ := d.fields.get(streamField)
	text, _ := d.fields.get("text")
	excerpt := text.text
	if n := maxMapText; len(excerpt) > n {
		for !utf8.RuneStart(excerpt[n]) {
			n--
		}
		excerpt = excerpt[:n]
	}
	return mapPoint{ID: d.id().json(), Stream: stream.text, Text: excerpt}
}
