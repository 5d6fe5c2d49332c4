package explorer

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
)

// page are the page and what it loads: nothing comes from elsewhere.
//
//go:embed page
var page embed.FS

const (
	// base is the path below which the explorer has its files and questions.
	base = "/explorer/"
	// maxQuestion bounds the body of a question of the page.
	maxQuestion = 64 << 10
	// contentPolicy lets the page load its own files and talk to its own server only.
	contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// contentTypes are those of the explorer's files, by extension.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Data is what the explorer needs of a server beside its commands. It is called by
// several requests at once.
type Data interface {
	// Backend is the kind of database that the server answers as.
	Backend() string
	// Embeds tells whether Embed can make vectors.
	Embeds() bool
	// Embed makes the vector of a text. Its error is shown to the user as it is.
	Embed(ctx context.Context, text string) ([]float32, error)
	// Sample returns up to limit documents with their vectors, evenly from all of the
	// collection, and how many there are with a vector. An unknown collection, and one
	// without vectors, is an error, which is shown to the user as it is.
	Sample(ctx context.Context, from Source, limit int) (some []Document, total int, err error)
}

// Source says what a sample is taken of.
type Source struct {
	Keyspace   string
	Collection string
	// Fields are the names of the fields whose texts are wanted.
	Fields []string
}

// Document is one of a sample.
type Document struct {
	ID     string   // the JSON text of the _id
	Texts  []string // of Source.Fields, in that order; empty for one that holds no string or number
	Vector []float32
}

// Explorer is a http.Handler for the requests that Owns names. It is safe for concurrent use.
type Explorer struct{ data Data }

// New makes the explorer of a server.
func New(data Data) *Explorer { return &Explorer{data} }

// Owns tells whether a request is for the explorer.
func Owns(q *http.Request) bool {
	return q.URL.Path == "/" && q.Method == http.MethodGet || strings.HasPrefix(q.URL.Path, base)
}

// Asks tells whether a request that the explorer owns would show data. All others are for
// the page's files, which a browser loads before anybody can give it a token.
func Asks(q *http.Request) bool { return q.Method == http.MethodPost }

// ServeHTTP answers a request that Owns names. The caller has checked the right of one
// that Asks.
func (e *Explorer) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	switch {
	case Asks(q):
		e.answer(w, q)
	case q.Method != http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case q.URL.Path == "/":
		serveFile(w, "index.html")
	default:
		serveFile(w, strings.TrimPrefix(q.URL.Path, base))
	}
}

// serveFile sends one of the embedded files. The name is cut to its last part: there is one
// flat folder, and no way out of it.
func serveFile(w http.ResponseWriter, name string) {
	kind, known := contentTypes[path.Ext(name)]
	content, err := page.ReadFile(path.Join("page", path.Base(name)))
	if err != nil || !known {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(content) // a client that is gone needs no answer
}

// question is what the page asks beside Data API commands.
type question struct {
	Text       string `json:"text"`
	Keyspace   string `json:"keyspace"`
	Collection string `json:"collection"`
	Limit      int    `json:"limit"`
}

// errUnknown is the end of a question that there is not.
var errUnknown = errors.New("no such question")

// answer decodes a question and sends what comes of it. Errors are plain texts with a
// status: the page shows them as they are, and no Data API client comes here.
func (e *Explorer) answer(w http.ResponseWriter, q *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxQuestion))
	var asked question
	if err == nil {
		err = json.Unmarshal(text, &asked)
	}
	if err != nil {
		http.Error(w, "want a small JSON object", http.StatusBadRequest)
		return
	}
	answer, err := e.ask(q.Context(), strings.TrimPrefix(q.URL.Path, base), asked)
	switch {
	case errors.Is(err, errUnknown):
		w.WriteHeader(http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
	default:
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		_ = json.NewEncoder(w).Encode(answer) // a client that is gone needs no answer
	}
}

// ask answers what the Data API has no command for. The page cannot call the embedder
// itself: its policy allows no other server, and it has no key.
func (e *Explorer) ask(ctx context.Context, name string, asked question) (any, error) {
	switch name {
	case "about":
		return map[string]any{"embedder": e.data.Embeds(), "backend": e.data.Backend()}, nil
	case "embed":
		vector, err := e.data.Embed(ctx, asked.Text)
		return map[string]any{"vector": vector}, err
	case "map":
		return e.vectorMap(ctx, asked)
	default:
		return nil, errUnknown
	}
}
