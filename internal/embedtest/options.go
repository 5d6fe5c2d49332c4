package embedtest

import "strings"

// API is whose API a Server speaks.
type API int

// The APIs. Their checks and error messages are those of the real services.
const (
	OpenAI API = iota // POST .../embeddings
	Azure             // POST /openai/deployments/NAME/embeddings?api-version=
	Cohere            // POST /v1/embed and /v2/embed
)

// Options say what a Server expects. The zero value is an OpenAI-compatible service at
// any path that ends in /embeddings, that takes any model without a key and answers
// 1536 dimensions.
type Options struct {
	API API
	// Path is the only path served, such as /v1/embeddings; "" means any of the API.
	Path string
	// Deployment and APIVersion are the only ones that Azure knows; "" means any.
	Deployment, APIVersion string
	// APIKey must come as a bearer token, or as api-key to Azure; "" means that no
	// Authorization may come.
	APIKey string
	// AnyKey takes every key, and none.
	AnyKey bool
	// Model is the only model known; "" means any.
	Model string
	// Dimensions is the length of the vectors; 0 means 1536.
	Dimensions int
	// Shortens takes a request for fewer dimensions; otherwise the field is unknown.
	Shortens bool

	// MaxTexts is the most texts of a request; 0 means what the API documents.
	MaxTexts int
	// MaxTokens and MaxBytes bound all texts of a request, Window the tokens of each;
	// 0 means no bound.
	MaxTokens, MaxBytes, Window int
	// Count counts the tokens of a text; nil counts its words.
	Count func(text string) int
	// Refuse, when not nil, tells which texts are not to the service's liking.
	Refuse func(text string) bool

	// FloatsOnly answers arrays of numbers whatever is asked for.
	FloatsOnly bool
	// RefuseEncodingFormat answers 422 to a request with encoding_format, or, as
	// Cohere, 400 to one for base64.
	RefuseEncodingFormat bool
	// RefuseInputType answers 400 to a request with Cohere's input_type.
	RefuseInputType bool
	// NoUsage leaves the tokens out of the replies.
	NoUsage bool

	// RequestsPerMinute and TokensPerMinute are rate limits, which refill evenly and
	// are told in x-ratelimit-* headers; 0 means none.
	RequestsPerMinute, TokensPerMinute int
	// Quiet sends no x-ratelimit-* headers, and no Retry-After with a 429.
	Quiet bool
}

func (o Options) withDefaults() Options {
	if o.Dimensions == 0 {
		o.Dimensions = 1536
	}
	if o.MaxTexts == 0 {
		o.MaxTexts = 2048
		if o.API == Cohere {
			o.MaxTexts = 96
		}
	}
	if o.Count == nil {
		o.Count = func(text string) int { return len(strings.Fields(text)) }
	}
	return o
}
