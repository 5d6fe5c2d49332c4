package localastra

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"destination-astra/localastra/explorer"
)

// explore answers a request for the page. The page's files are open to everyone who can reach
// the server; data needs the token.
func (s *Server) explore(w http.ResponseWriter, q *http.Request) {
	if explorer.Asks(q) {
		if err := s.admit(q.Header); err != nil {
			s.respond(w, nil, err)
			return
		}
	}
	explorer.New(explored{s}).ServeHTTP(w, q)
}

// explored is the server as its explorer sees it, which knows no type of this package.
type explored struct{ server *Server }

var _ explorer.Data = explored{}

// Backend implements explorer.Data.
func (e explored) Backend() string { return e.server.options.Backend }

// Embeds implements explorer.Data.
func (e explored) Embeds() bool { return e.server.options.Embed != nil }

// Embed implements explorer.Data.
func (e explored) Embed(ctx context.Context, text string) ([]float32, error) {
	if !e.Embeds() {
		return nil, errors.New("this server has no embedder")
	}
	vectors, err := e.server.options.Embed(ctx, []string{text})
	if err != nil {
		return nil, err
	}
	if len(vectors) != 1 {
		return nil, errors.New("the embedder returned no vector")
	}
	return vectors[0], nil
}

// Sample implements explorer.Data. The vectors are copied, because those of the collection
// change with its next write.
func (e explored) Sample(ctx context.Context, from explorer.Source, limit int) ([]explorer.Document, int, error) {
	r := &request{ctx: ctx, server: e.server, keyspace: from.Keyspace, collection: from.Collection}
	var some []explorer.Document
	total := 0
	err := r.view(wanted{vectors: true}, func(c *collection, t reader) *apiError {
		if c.options.vector == nil {
			return c.noVectors()
		}
		vectors := c.vectors
		total = len(vectors.seqs)
		for i := range min(limit, total) {
			at := i * total / min(limit, total)
			if d, ok := c.load(t, vectors.seqs[at]); ok {
				some = append(some, explorer.Document{ID: d.id().json(), Texts: d.texts(from.Fields),
					Vector: slices.Clone(vectors.row(at))})
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err // not the nil pointer of an *apiError, which is no nil error
	}
	return some, total, nil
}

// texts are the strings and numbers in some fields, empty for those that hold none.
func (d stored) texts(names []string) []string {
	texts := make([]string, len(names))
	for i, name := range names {
		v, _ := d.fields.get(name)
		texts[i] = v.text
	}
	return texts
}
