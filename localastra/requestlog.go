package localastra

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// loggedWriter remembers what a line of the request log says about the answer.
type loggedWriter struct {
	http.ResponseWriter
	status int
	bytes  int
	codes  []string // of the errors array
	gone   bool     // the connection was dropped
}

// WriteHeader implements http.ResponseWriter.
func (w *loggedWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *loggedWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += n
	return n, err
}

// Unwrap lets a http.ResponseController reach the connection. Without it a dropped
// connection could not be closed.
func (w *loggedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// drop passes the wish on to the writer that has the connection.
func (w *loggedWriter) drop() {
	w.gone = true
	drop(w.ResponseWriter)
}

// serveLogged answers a request and writes one line about it: never its content, never
// a token.
func (s *Server) serveLogged(w http.ResponseWriter, q *http.Request) {
	logged := &loggedWriter{ResponseWriter: w}
	start := time.Now()
	r := &request{ctx: q.Context(), server: s, header: q.Header}
	s.serve(logged, q, r)
	line := []any{"method", q.Method, "path", q.URL.Path}
	if r.command != "" {
		line = append(line, "command", r.command)
	}
	line = append(line, "status", logged.status, "bytes", logged.bytes,
		"duration", time.Since(start).Round(time.Microsecond))
	if len(logged.codes) > 0 {
		line = append(line, "errors", strings.Join(logged.codes, ","))
	}
	if logged.gone {
		line = append(line, "dropped", true)
	}
	s.options.Log.Log(r.ctx, slog.LevelInfo, "request", line...)
}
