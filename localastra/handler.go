package localastra

import (
	"bytes"
	"crypto/subtle"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unsafe"

	"destination-astra/localastra/explorer"
)

// healthPath answers without a token, for those who wait until the server is up.
const healthPath = "/stargate/health"

const jsonContentType = "application/json;charset=UTF-8"

// ServeHTTP answers one command. Nearly every error has status 200 and an errors
// array; 404, 405 and 413 have an empty body. It is safe for concurrent use.
func (s *Server) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if s.options.Log != nil {
		s.serveLogged(w, q)
		return
	}
	s.serve(w, q, &request{ctx: q.Context(), server: s, header: q.Header})
}

// serve routes a request: the health check, the explorer, or a command. Everything but
// the health check and the explorer's files needs the token.
func (s *Server) serve(w http.ResponseWriter, q *http.Request, r *request) {
	if s.options.Explorer && explorer.Owns(q) {
		s.explore(w, q)
		return
	}
	if q.URL.Path == healthPath && q.Method == http.MethodGet {
		w.Header().Set("Content-Type", jsonContentType)
		_, _ = io.WriteString(w, `{"status":"UP","checks":[]}`) // a client that is gone needs no answer
		return
	}
	if !s.route(q.URL.Path, r) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if q.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if err := s.admit(q.Header); err != nil {
		s.respond(w, nil, err)
		return
	}
	s.receive(w, q, r)
}

// receive reads the body of a command. The body is read whole before anything is
// decided: no command is carried out for a request that was cut off.
func (s *Server) receive(w http.ResponseWriter, q *http.Request, r *request) {
	if t, _, err := mime.ParseMediaType(q.Header.Get("Content-Type")); q.Header.Get("Content-Type") != "" &&
		(err != nil || t != "application/json") {
		s.respond(w, nil, newError("UNSUPPORTED_CONTENT_TYPE", "Request sent with unsupported 'Content-Type' header "+
			"value.\n\nThe API only supports content type: application/json\n\n"+
			"Resend with supported 'Content-Type' header."))
		return
	}
	body, release, ok := s.receiveBody(w, q)
	if !ok {
		return
	}
	defer release()
	s.answer(w, q, r, body)
}

// route splits the path: base, then keyspace and collection when they are there. A
// trailing slash is accepted and an empty part in the middle is not (Data API v1.0.51,
// observed).
func (s *Server) route(path string, r *request) bool {
	rest, ok := strings.CutPrefix(path, "/v1")
	if !ok && !s.cassandra() {
		rest, ok = strings.CutPrefix(path, "/api/json/v1")
	}
	rest = strings.TrimSuffix(rest, "/")
	if !ok || rest != "" && rest[0] != '/' {
		return false
	}
	parts := strings.Split(rest, "/")[1:]
	if rest == "" {
		parts = nil
	}
	for _, part := range parts {
		if part == "" {
			return false
		}
	}
	switch len(parts) {
	case 2:
		r.keyspace, r.collection = parts[0], parts[1]
	case 1:
		r.keyspace = parts[0]
	}
	return len(parts) <= 2
}

// admit checks the token as the Data API does: an absent, a wrong, an empty and a
// malformed one each have their own error. Without a token of its own the server takes
// any, but there must be one: a client that sends none would fail in production.
func (s *Server) admit(h http.Header) *apiError {
	token, given := tokenOf(h)
	switch {
	case given && s.options.Token == "":
		return nil
	case !given:
		return newError("MISSING_AUTHENTICATION_TOKEN", "The command did not include an authorization token in the "+
			"request headers.\n\nThe authorization header is: Token.\n\nResend the command using the correct "+
			"authentication details.")
	case token == "":
		return newError("INTERNAL_SERVER_ERROR", "An unexpected internal server error occurred while processing the "+
			"request. \n\nError Message: Missing/Invalid authentication credentials provided\n\n"+
			"Review the Error Message before retrying this request.")
	case sameToken(token, s.options.Token) || sameToken(token, s.options.ReadOnlyToken):
		return nil
	case strings.HasPrefix(token, "Cassandra:") && !wellFormedCredentials(token):
		return serverError(errCredentials)
	default:
		return newError("UNAUTHENTICATED_REQUEST", "Authentication failed for request due to invalid token.\n\n"+
			"Resend with valid authentication token.")
	}
}

// tokenOf reads the token; Authorization is not looked at.
func tokenOf(h http.Header) (token string, given bool) {
	for _, name := range []string{"Token", "X-Cassandra-Token"} {
		if values := h.Values(name); len(values) > 0 {
			return values[0], true
		}
	}
	return "", false
}

// sameToken takes as long for a token that is nearly right as for any other, so that
// nobody can guess one letter by letter.
func sameToken(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// readOnly tells whether the request came with the token that may not write.
func (s *Server) readOnly(h http.Header) bool {
	token, _ := tokenOf(h)
	return s.options.ReadOnlyToken != "" && sameToken(token, s.options.ReadOnlyToken)
}

// answer runs the command, unless a test controls it, and writes the response. Counters
// come first, controls second, latency and faults third, so that a test sees each
// request exactly once.
func (s *Server) answer(w http.ResponseWriter, q *http.Request, r *request, body []byte) {
	parsed := value{}
	var failed *apiError
	if len(bytes.TrimSpace(body)) > 0 {
		// No copy: nobody changes it any more, and it may be large.
		parsed, failed = parseJSON(unsafe.String(unsafe.SliceData(body), len(body)))
	}
	if failed != nil {
		s.respond(w, nil, failed)
		return
	}
	if len(parsed.fields) == 1 {
		s.counters.request(parsed.fields[0].name)
		if s.controls.answer(w, q, parsed.fields[0].name, body) {
			return
		}
	}
	if s.options.Latency > 0 {
		wait(r.ctx, s.options.Latency)
	}
	if r.ctx.Err() != nil {
		return // the client gave up while its request was held
	}
	cmd, failed := s.decode(parsed, r)
	if fault, hit := s.strike(r.command); hit {
		s.fail(w, r, fault, func() {
			if failed == nil {
				_, _ = s.run(cmd, r) // what comes of it is not told
			}
		})
		return
	}
	var result *reply
	if failed == nil {
		result, failed = s.run(cmd, r)
	}
	if result != nil && !accepts(q.Header.Get("Accept")) {
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		_, _ = io.WriteString(w, "The accept header value did not match the value in @Produces")
		return
	}
	s.respond(w, result, failed)
}

// run carries a command out. A token that may only read is refused before anything is
// embedded, which may cost money.
func (s *Server) run(cmd *command, r *request) (*reply, *apiError) {
	if cmd.write && s.readOnly(r.header) {
		return unauthorized(r)
	}
	if err := r.vectorize(); err != nil {
		return nil, err
	}
	result, err := cmd.run(r)
	if err != nil {
		return nil, err // what was read before the file turned out damaged is no answer
	}
	return result, nil
}

// accepts tells whether the client wants JSON. The real server carries the command out
// all the same and answers with a line of text (observed).
func accepts(header string) bool {
	return header == "" || strings.Contains(header, "json") || strings.Contains(header, "*/*") ||
		strings.Contains(header, "application/*")
}

// respond writes {"data", "status", "errors"}, leaving out what is absent. The status
// is the highest that one of the errors asks for; nearly all ask for 200.
func (s *Server) respond(w http.ResponseWriter, result *reply, failed *apiError) {
	if result == nil {
		result = &reply{}
	}
	if failed != nil {
		result.errors = append(result.errors, failed)
	}
	if len(result.warnings) > 0 {
		result.status = append(result.status, field{"warnings", errorsValue(result.warnings)})
	}
	var fields []field
	if result.data != nil {
		fields = append(fields, field{"data", objectValue(result.data...)})
	}
	if result.status != nil {
		fields = append(fields, field{"status", objectValue(result.status...)})
	}
	status := http.StatusOK
	if len(result.errors) > 0 {
		fields = append(fields, field{"errors", errorsValue(result.errors)})
	}
	for _, e := range result.errors {
		status = max(status, errorTable[e.code].status)
		if logged, is := w.(*loggedWriter); is {
			logged.codes = append(logged.codes, e.code)
		}
	}
	text := objectValue(fields...).appendJSON(make([]byte, 0, 1024))
	w.Header().Set("Content-Type", jsonContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that is gone needs no answer
}

// errorsValue prints a list of errors. Each gets an id of its own, as from the real
// server, where it leads to a line in the log.
func errorsValue(list []*apiError) value {
	items := make([]value, len(list))
	for i, e := range list {
		items[i] = e.json()
	}
	return arrayValue(items)
}
