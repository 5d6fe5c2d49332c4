package embedtest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Counts is what a Server has done.
type Counts struct {
	// Requests counts all requests, those that failed included.
	Requests int
	// Refused counts requests that were wrong, and Failed those that Fail bent.
	Refused, Failed int
	// Limited counts the requests that a rate limit has stopped; they are Refused too.
	Limited int
	// Texts counts the texts answered; Tokens is a word count of them.
	Texts, Tokens int
}

// Server is the stand-in. It is safe for concurrent use.
type Server struct {
	options Options

	mu       sync.Mutex
	faults   []Fault
	counts   Counts
	requests []Request

	requestRate, tokenRate rate
}

// NewServer returns a Server that waits for requests.
func NewServer(o Options) *Server {
	return &Server{
		options:     o.withDefaults(),
		requestRate: newRate(o.RequestsPerMinute),
		tokenRate:   newRate(o.TokensPerMinute),
	}
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
	request := Request{Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body}
	answer, tokens := s.answer(r, &request)

	s.mu.Lock()
	defer s.mu.Unlock()
	var fault Fault
	s.counts.Requests++
	if answer.status == http.StatusOK {
		limited, header := s.limited(tokens)
		answer.header = header
		if limited != nil {
			answer = *limited
			answer.header = header
			s.counts.Limited++
		}
	}
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

// answer checks a request and makes the reply that it deserves.
func (s *Server) answer(r *http.Request, request *Request) (reply, int) {
	if refusal := s.refuseHead(r); refusal != nil {
		return *refusal, 0
	}
	refusal := s.read(request)
	if refusal == nil {
		refusal = s.judge(request)
	}
	if refusal != nil {
		request.Texts = nil
		return *refusal, 0
	}
	tokens := 0
	for _, text := range request.Texts {
		tokens += s.options.Count(text)
	}
	dimensions := s.options.Dimensions
	if request.Dimensions > 0 {
		dimensions = request.Dimensions
	}
	told := tokens
	if s.options.NoUsage {
		told = 0
	}
	vectors := Vectors(request.Texts, dimensions)
	base64 := request.EncodingFormat == "base64" && !s.options.FloatsOnly
	answer := reply{status: http.StatusOK}
	switch {
	case s.options.API != Cohere:
		answer.body = Reply(request.Model, vectors, base64, told)
	case request.EncodingFormat == "":
		answer.body = CohereReply(request.Texts, vectors, "", told)
	case base64:
		answer.body = CohereReply(request.Texts, vectors, "base64", told)
	default:
		answer.body = CohereReply(request.Texts, vectors, "float", told)
	}
	return answer, tokens
}

func (s *Server) refuseHead(r *http.Request) *reply {
	if !s.serves(r) {
		return s.refused(http.StatusNotFound, "", "Invalid URL ("+r.Method+" "+r.URL.Path+")")
	}
	if r.Method != http.MethodPost {
		return s.refused(http.StatusMethodNotAllowed, "", "Not allowed to "+r.Method+" on "+r.URL.Path+".")
	}
	if !s.knowsKey(r.Header) {
		// The real services repeat the key, so a client must not trust their messages.
		got := r.Header.Get("Authorization") + r.Header.Get("Api-Key")
		return s.refused(http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided: "+got+".")
	}
	if r.Header.Get("Content-Type") != "application/json" {
		return s.refused(http.StatusUnsupportedMediaType, "", "Content-Type must be application/json.")
	}
	if s.options.API == Azure {
		return s.refuseDeployment(r)
	}
	return nil
}

func (s *Server) serves(r *http.Request) bool {
	path := r.URL.Path
	if s.options.Path != "" && path != s.options.Path {
		return false
	}
	switch s.options.API {
	case Azure:
		return strings.HasPrefix(path, "/openai/deployments/") && strings.HasSuffix(path, "/embeddings")
	case Cohere:
		return strings.HasSuffix(path, "/v1/embed") || strings.HasSuffix(path, "/v2/embed")
	default:
		return strings.HasSuffix(path, "/embeddings")
	}
}

func (s *Server) knowsKey(h http.Header) bool {
	authorization, key := "", ""
	if s.options.API == Azure {
		key = s.options.APIKey
	} else if s.options.APIKey != "" {
		authorization = "Bearer " + s.options.APIKey
	}
	return s.options.AnyKey || h.Get("Authorization") == authorization && h.Get("Api-Key") == key
}

func (s *Server) refuseDeployment(r *http.Request) *reply {
	version := r.URL.Query().Get("api-version")
	name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/openai/deployments/"), "/embeddings")
	switch {
	case version == "" || s.options.APIVersion != "" && version != s.options.APIVersion:
		return s.refused(http.StatusNotFound, "404", "Resource not found")
	case s.options.Deployment != "" && name != s.options.Deployment:
		return s.refused(http.StatusNotFound, "DeploymentNotFound",
			"The API deployment for this resource does not exist.")
	}
	return nil
}

// refusal is an error reply in the form of the API.
func (s *Server) refusal(status int, code, message string) reply {
	if s.options.API == Cohere {
		body, _ := json.Marshal(map[string]string{"id": "0", "message": message})
		return reply{status: status, body: body}
	}
	return refusal(status, code, message)
}

func (s *Server) refused(status int, code, message string) *reply {
	r := s.refusal(status, code, message)
	return &r
}

// refusal is an error reply in OpenAI's form.
func refusal(status int, code, message string) reply {
	body, _ := json.Marshal(map[string]any{"error": map[string]any{
		"message": message, "type": "invalid_request_error", "param": nil, "code": code,
	}})
	return reply{status: status, body: body}
}
