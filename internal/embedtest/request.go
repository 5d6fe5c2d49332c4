package embedtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Request is one request as it came.
type Request struct {
	Path   string
	Query  string
	Header http.Header
	Body   []byte
	// What is out of the body is empty when it was not read. EncodingFormat is base64,
	// float or "", for Cohere out of embedding_types.
	Model, EncodingFormat, InputType string
	// Dimensions are those asked for; 0 when none were.
	Dimensions int
	Texts      []string
}

// openAIBody is what a request may hold; another field is refused, as a strict service
// does.
type openAIBody struct {
	Input          []string `json:"input"`
	Model          string   `json:"model"`
	EncodingFormat *string  `json:"encoding_format"`
	Dimensions     *int     `json:"dimensions"`
}

// cohereBody is what a request to Cohere may hold.
type cohereBody struct {
	Texts           []string `json:"texts"`
	Model           string   `json:"model"`
	InputType       *string  `json:"input_type"`
	EmbeddingTypes  []string `json:"embedding_types"`
	Truncate        string   `json:"truncate"`
	OutputDimension *int     `json:"output_dimension"`
}

func strictly(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// read takes the request out of its body, or refuses it.
func (s *Server) read(r *Request) *reply {
	if s.options.MaxBytes > 0 && len(r.Body) > s.options.MaxBytes {
		return s.refused(http.StatusRequestEntityTooLarge, "", "length limit exceeded")
	}
	if s.options.API == Cohere {
		return s.readCohere(r)
	}
	var body openAIBody
	if err := strictly(r.Body, &body); err != nil {
		return s.refused(http.StatusBadRequest, "invalid_json", err.Error())
	}
	r.Model, r.Texts = body.Model, body.Input
	if body.Dimensions != nil {
		if !s.options.Shortens || *body.Dimensions < 1 || *body.Dimensions > s.options.Dimensions {
			return s.refused(http.StatusBadRequest, "", "This model does not support specifying dimensions.")
		}
		r.Dimensions = *body.Dimensions
	}
	if body.EncodingFormat == nil {
		return nil
	}
	r.EncodingFormat = *body.EncodingFormat
	switch {
	case s.options.RefuseEncodingFormat:
		return s.refused(http.StatusUnprocessableEntity, "", "Extra inputs are not permitted: encoding_format")
	case r.EncodingFormat != "base64" && r.EncodingFormat != "float":
		return s.refused(http.StatusBadRequest, "", "'$.encoding_format' is invalid.")
	}
	return nil
}

func (s *Server) readCohere(r *Request) *reply {
	var body cohereBody
	if err := strictly(r.Body, &body); err != nil {
		return s.refused(http.StatusBadRequest, "", "invalid json syntax: "+err.Error())
	}
	r.Model, r.Texts = body.Model, body.Texts
	second := strings.HasSuffix(r.Path, "/v2/embed")
	if problem := s.options.cohereProblem(body, second); problem != "" {
		return s.refused(http.StatusBadRequest, "", problem)
	}
	if body.InputType != nil {
		r.InputType = *body.InputType
	}
	if len(body.EmbeddingTypes) > 0 {
		r.EncodingFormat = body.EmbeddingTypes[0]
	}
	if r.EncodingFormat == "base64" && s.options.RefuseEncodingFormat {
		return s.refused(http.StatusBadRequest, "", "invalid request: base64 is not a valid embedding type")
	}
	if body.OutputDimension != nil {
		r.Dimensions = *body.OutputDimension
	}
	return nil
}

// cohereProblem tells which field is missing or is not taken; "" when none is. second is
// v2 of the API, which wants and takes more than v1.
func (o Options) cohereProblem(body cohereBody, second bool) string {
	switch {
	case body.Truncate != "NONE":
		return "this test wants truncate to be NONE"
	case body.InputType == nil && second:
		return "invalid request: input_type is required"
	case body.InputType != nil && o.RefuseInputType:
		return "invalid request: input_type is not supported by this model"
	case body.InputType != nil && !slices.Contains([]string{"", "search_document", "search_query"}, *body.InputType):
		return "invalid request: valid input_type must be provided"
	case second && len(body.EmbeddingTypes) != 1:
		return "this test wants one of embedding_types"
	case body.OutputDimension != nil && !(second && o.Shortens):
		return "invalid request: output_dimension is not supported by this model"
	default:
		return ""
	}
}

// judge refuses a request for what is in it.
func (s *Server) judge(r *Request) *reply {
	o := s.options
	switch {
	case r.Model == "":
		return s.refused(http.StatusBadRequest, "", "you must provide a model parameter")
	case o.Model != "" && r.Model != o.Model:
		return s.refused(http.StatusNotFound, "model_not_found", "The model `"+r.Model+"` does not exist.")
	case len(r.Texts) == 0:
		return s.refused(http.StatusBadRequest, "", "'$.input' is invalid.")
	case len(r.Texts) > o.MaxTexts:
		return s.tooManyTexts(len(r.Texts))
	}
	total := 0
	for i, text := range r.Texts {
		tokens := o.Count(text)
		total += tokens
		if o.Window > 0 && tokens > o.Window {
			return s.tooLong(i, tokens)
		}
		if o.Refuse != nil && o.Refuse(text) {
			return s.refused(http.StatusBadRequest, "", "'$.input' is invalid.")
		}
	}
	if o.MaxTokens > 0 && total > o.MaxTokens {
		return s.refused(http.StatusBadRequest, "max_tokens_per_request",
			fmt.Sprintf("Requested %d tokens, max %d tokens per request", total, o.MaxTokens))
	}
	return nil
}

func (s *Server) tooManyTexts(n int) *reply {
	format := "Invalid 'input': array too long. Expected an array with maximum length %d, " +
		"but got an array with length %d instead."
	switch s.options.API {
	case Azure:
		format = "Too many inputs. The max number of inputs is %d. You sent %d."
	case Cohere:
		format = "invalid request: total number of texts must be at most %d - received %d"
	}
	return s.refused(http.StatusBadRequest, "", fmt.Sprintf(format, s.options.MaxTexts, n))
}

func (s *Server) tooLong(position, tokens int) *reply {
	message := fmt.Sprintf("Invalid 'input[%d]': maximum input length is %d tokens.", position, s.options.Window)
	switch s.options.API {
	case Azure:
		message = fmt.Sprintf("This model's maximum context length is %d tokens, however you requested %d tokens.",
			s.options.Window, tokens)
	case Cohere:
		message = fmt.Sprintf("invalid request: too many tokens: max tokens per text is %d, received %d",
			s.options.Window, tokens)
	}
	return s.refused(http.StatusBadRequest, "", message)
}
