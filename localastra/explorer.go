package localastra

import (
	"embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
)

// explorerFiles are the page and what it loads: nothing comes from elsewhere.
//
//go:embed explorer
var explorerFiles embed.FS

const (
	// explorerBase is the path below which the explorer has its files and questions.
	explorerBase = "/explorer/"
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

// explore answers requests for the page. It returns false for all others. The page's
// files are open to everyone who can reach the server; data needs the token.
func (s *Server) explore(w http.ResponseWriter, q *http.Request) bool {
	switch {
	case q.URL.Path == "/" && q.Method == http.MethodGet:
		s.explorerFile(w, "index.html")
	case !strings.HasPrefix(q.URL.Path, explorerBase):
		return false
	case q.Method == http.MethodGet:
		s.explorerFile(w, strings.TrimPrefix(q.URL.Path, explorerBase))
	case q.Method == http.MethodPost:
		s.explorerQuestion(w, q)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
	return true
}

// explorerFile sends one of the embedded files. The name is cut to its last part: there
// is one flat folder, and no way out of it.
func (s *Server) explorerFile(w http.ResponseWriter, name string) {
	kind, known := contentTypes[path.Ext(name)]
	content, err := explorerFiles.ReadFile(path.Join("explorer", path.Base(name)))
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

// errNoEmbedder is why the page cannot search by text.
var errNoEmbedder = errors.New("this server has no embedder")

// question is what the page asks beside Data API commands.
type question struct {
	Text       string `json:"text"`
	Keyspace   string `json:"keyspace"`
	Collection string `json:"collection"`
	Limit      int    `json:"limit"`
}

// explorerQuestion answers what the Data API has no command for. Its errors are plain
// texts with a status: the page shows them as they are, and no Data API client comes
// here.
func (s *Server) explorerQuestion(w http.ResponseWriter, q *http.Request) {
	if err := s.admit(q.Header); err != nil {
		s.respond(w, nil, err)
		return
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxQuestion))
	var asked question
	if err == nil {
		err = json.Unmarshal(text, &asked)
	}
	if err != nil {
		http.Error(w, "want a small JSON object", http.StatusBadRequest)
		return
	}
	var answer any
	switch strings.TrimPrefix(q.URL.Path, explorerBase) {
	case "about":
		answer = map[string]any{"embedder": s.options.Embed != nil, "backend": s.options.Backend}
	case "embed":
		answer, err = s.explorerVector(q, asked.Text)
	case "map":
		answer, err = s.explorerMap(asked)
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", jsonContentType)
	_ = json.NewEncoder(w).Encode(answer) // a client that is gone needs no answer
}

// explorerVector embeds the text of a search box. The page cannot call the embedder
// itself: its policy allows no other server, and it has no key.
func (s *Server) explorerVector(q *http.Request, text string) (any, error) {
	if s.options.Embed == nil {
		return nil, errNoEmbedder
	}
	vectors, err := s.options.Embed(q.Context(), []string{text})
	if err != nil {
		return nil, err
	}
	if len(vectors) != 1 {
		return nil, errors.New("the embedder returned no vector")
	}
	return map[string]any{"vector": vectors[0]}, nil
}
