package embedtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Options say what a Server expects. The zero value is a service at any path that
// ends in /embeddings, that takes any model without a key and answers 1536 dimensions.
type Options struct {
	// Path is the only path served, such as /v1/embeddings; "" means any that ends so.
	Path string
	// APIKey must come as a bearer token; "" means that no Authorization may come.
	APIKey string
	// AnyKey takes every Authorization, and none.
	AnyKey bool
	// Model is the only model known; "" means any.
	Model string
	// Dimensions is the length of the vectors; 0 means 1536.
	Dimensions int
	// MaxTexts is the most texts of a request; 0 means 2048, as OpenAI has it.
	MaxTexts int
	// FloatsOnly answers arrays of numbers whatever encoding_format says.
	FloatsOnly bool
	// RefuseEncodingFormat answers 422 to a request with encoding_format.
	RefuseEncodingFormat bool
}

// Counts is what a Server has done.
type Counts struct {
	// Requests counts all requests, those that failed included.
	Requests int
	// Refused counts requests that were wrong, and Failed those that Fail bent.
	Refused, Failed int
	// Texts counts the texts answered; Tokens is a word count of them.
	Texts, Tokens int
}

// Request is one request as it came.
type Request struct {
	Path   string
	Header http.Header
	Body   []byte
	// Model, EncodingFormat and Texts are out of the body; empty when it was not read.
	Model, EncodingFormat string
	Texts                 []string
}

// Server is the stand-in. It is safe for concurrent use.
type Server struct {
	options Options

	mu       sync.Mutex
	faults   []Fault
	counts   Counts
	requests []Request
}

// NewServer returns a Server that waits for requests.
func NewServer(o Options) *Server {
	if o.Dimensions == 0 {
		o.Dimensions = 1536
	}
	if o.MaxTexts == 0 {
		o.MaxTexts = 2048
	}
	return &Server{options: o}
}

// Fail bends the replies to the next requests, one fault each, in the order given.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Counts returns what was done so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Requests returns the requests so far, in the order of their arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Texts returns all texts answered so far, in the order of their arrival.
func (s *Server) Texts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var texts []string
	for _, r := range s.requests {
		texts = append(texts, r.Texts...)
	}
	return texts
}

// ServeHTTP answers one request. It implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply, fault := s.handle(r)
	if fault.Reset {
		reset(w)
		return
	}
	if fault.Hang {
		<-r.Context().Done()
		return
	}
	reply.write(w)
}

// reply is an answer before it is written.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (a reply) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// handle decides on the answer, and counts.
func (s *Server) handle(r *http.Request) (reply, Fault) {
	body, _ := io.ReadAll(r.Body)
	request := Request{Path: r.URL.Path, Header: r.Header.Clone(), Body: body}
	answer, tokens := s.answer(r, &request)

	s.mu.Lock()
	defer s.mu.Unlock()
	var fault Fault
	s.counts.Requests++
	switch {
	case len(s.faults) > 0:
		fault, s.faults = s.faults[0], s.faults[1:]
		answer = fault.bend(answer)
		s.counts.Failed++
	case answer.status != http.StatusOK:
		s.counts.Refused++
	}
	if answer.status == http.StatusOK {
		s.counts.Texts += len(request.Texts)
		s.counts.Tokens += tokens
	}
	s.requests = append(s.requests, request)
	return answer, fault
}

// body is what a request may hold; another field is refused, as a strict service does.
type requestBody struct {
	Input          []string `json:"input"`
	Model          string   `json:"model"`
	EncodingFormat *string  `json:"encoding_format"`
}

// answer checks a request and makes the reply that it deserves.
func (s *Server) answer(r *http.Request, request *Request) (reply, int) {
	if refusal := s.refuseHead(r); refusal != nil {
		return *refusal, 0
	}
	var body requestBody
	decoder := json.NewDecoder(bytes.NewReader(request.Body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		return refusal(http.StatusBadRequest, "invalid_json", err.Error()), 0
	}
	request.Model, request.Texts = body.Model, body.Input
	if body.EncodingFormat != nil {
		request.EncodingFormat = *body.EncodingFormat
	}
	if refusal := s.refuseBody(body); refusal != nil {
		request.Texts = nil
		return *refusal, 0
	}
	tokens := 0
	for _, text := range body.Input {
		tokens += len(strings.Fields(text))
	}
	base64 := request.EncodingFormat == "base64" && !s.options.FloatsOnly
	return reply{
		status: http.StatusOK,
		body:   Reply(body.Model, Vectors(body.Input, s.options.Dimensions), base64, tokens),
	}, tokens
}

func (s *Server) refuseHead(r *http.Request) *reply {
	path := s.options.Path
	if path != "" && r.URL.Path != path || !strings.HasSuffix(r.URL.Path, "/embeddings") {
		return refused(http.StatusNotFound, "", "Invalid URL ("+r.Method+" "+r.URL.Path+")")
	}
	if r.Method != http.MethodPost {
		return refused(http.StatusMethodNotAllowed, "", "Not allowed to "+r.Method+" on "+r.URL.Path+".")
	}
	want := ""
	if s.options.APIKey != "" {
		want = "Bearer " + s.options.APIKey
	}
	if got := r.Header.Get("Authorization"); got != want && !s.options.AnyKey {
		// The real service repeats the key, so a client must not trust its messages.
		return refused(http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided: "+got+".")
	}
	if r.Header.Get("Content-Type") != "application/json" {
		return refused(http.StatusUnsupportedMediaType, "", "Content-Type must be application/json.")
	}
	return nil
}

func (s *Server) refuseBody(body requestBody) *reply {
	switch {
	case body.Model == "":
		return refused(http.StatusBadRequest, "", "you must provide a model parameter")
	case s.options.Model != "" && body.Model != s.options.Model:
		return refused(http.StatusNotFound, "model_not_found", "The model `"+body.Model+"` does not exist.")
	case len(body.Input) == 0:
		return refused(http.StatusBadRequest, "", "'$.input' is invalid.")
	case len(body.Input) > s.options.MaxTexts:
		return refused(http.StatusBadRequest, "", fmt.Sprintf("'$.input' holds more than %d texts.", s.options.MaxTexts))
	case body.EncodingFormat == nil:
		return nil
	case s.options.RefuseEncodingFormat:
		return refused(http.StatusUnprocessableEntity, "", "Extra inputs are not permitted: encoding_format")
	case *body.EncodingFormat != "base64" && *body.EncodingFormat != "float":
		return refused(http.StatusBadRequest, "", "'$.encoding_format' is invalid.")
	}
	return nil
}

// refusal is an error reply in OpenAI's form.
func refusal(status int, code, message string) reply {
	body, _ := json.Marshal(map[string]any{"error": map[string]any{
		"message": message, "type": "invalid_request_error", "param": nil, "code": code,
	}})
	return reply{status: status, body: body}
}

func refused(status int, code, message string) *reply {
	r := refusal(status, code, message)
	return &r
}
