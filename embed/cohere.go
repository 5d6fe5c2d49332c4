package embed

import (
	"fmt"
	"net/url"
	"strings"

	cohere "github.com/cohere-ai/cohere-go/v2"

	"destination-astra/internal/models"
)

const (
	// DefaultCohereModel is the model of Cohere asked for when none is configured, as
	// Airbyte's Python connectors do.
	DefaultCohereModel = models.DefaultCohere
	// DefaultCohereURL is asked when no other base URL is given.
	DefaultCohereURL = "https://api.cohere.com"

	// cohereMaxBytes bounds a request; Cohere documents no limit.
	cohereMaxBytes = 2 << 20
)

// CohereOptions configure a Cohere. APIKey is required, and Dimensions for a model
// that this package does not know.
type CohereOptions struct {
	// APIKey is sent as a bearer token.
	APIKey string `json:"-"`
	// Model is DefaultCohereModel when empty.
	Model string
	// Dimensions is as in OpenAIOptions.
	Dimensions int
	// BaseURL is DefaultCohereURL when empty; the connector gives CO_API_URL.
	BaseURL string
	Common
}

// Format prints the options without the key, whatever the verb.
func (o CohereOptions) Format(w fmt.State, _ rune) {
	_, _ = fmt.Fprintf(w, "{BaseURL:%s Model:%s Dimensions:%d}", shownText(o.BaseURL), o.Model, o.Dimensions)
}

// Cohere embeds with Cohere's embed API: texts to be stored as search_document, and
// questions, with EmbedQuery, as search_query. It is safe for concurrent use.
type Cohere struct{ *service }

var (
	_ QueryEmbedder = (*Cohere)(nil)
	_ SomeEmbedder  = (*Cohere)(nil)
)

// NewCohere makes an embedder without talking to the service. Options that cannot work
// are an *Error that names the setting.
func NewCohere(o CohereOptions) (*Cohere, error) {
	b := newBuilder(ProviderCohere, settings{
		address:    "CO_API_URL",
		key:        "embedding.cohere_key",
		model:      "embedding.model",
		dimensions: "embedding.dimensions",
	})
	if o.BaseURL == "" {
		b.identity.settings.address = ""
	}
	model := firstOf(o.Model, DefaultCohereModel)
	known, _ := FindModel(ProviderCohere, model)
	b.key(o.APIKey, true)
	base := b.url(baseURL(firstOf(o.BaseURL, DefaultCohereURL)))
	dimension, ask := b.dimension(known, o.Dimensions)
	if b.err != nil {
		return nil, b.err
	}
	return &Cohere{newService(serviceOptions{
		identity:  b.identity,
		model:     model,
		dimension: dimension,
		endpoint:  base,
		known:     known,
		guess:     true,
		budget:    budget{texts: models.CohereMaxTexts, bytes: cohereMaxBytes},
		dialect:   newCohereDialect(base, model, ask),
		common:    o.Common,
	})}, nil
}

// cohereDialect is Cohere's embed API. It never lets the service truncate a text.
type cohereDialect struct {
	v1, v2     *url.URL
	model      string
	dimensions int // asked for when not 0
	order      []cohereForm
}

// cohereForm is a way to ask.
type cohereForm int

const (
	cohereBase64      cohereForm = iota // POST /v2/embed, vectors in base64
	cohereFloats                        // POST /v2/embed, vectors as numbers
	cohereV1                            // POST /v1/embed, as the Python connector does
	cohereWithoutType                   // POST /v1/embed without input_type
)

func newCohereDialect(base *url.URL, model string, dimensions int) *cohereDialect {
	for _, version := range []string{"/v1", "/v2"} {
		base.Path = strings.TrimSuffix(base.Path, version)
	}
	d := &cohereDialect{
		v1: base.JoinPath("v1", "embed"), v2: base.JoinPath("v2", "embed"),
		model: model, dimensions: dimensions,
		order: []cohereForm{cohereBase64, cohereFloats},
	}
	if strings.HasSuffix(model, "-v2.0") { // older than the types of inputs and of vectors
		d.order = []cohereForm{cohereV1, cohereWithoutType}
	}
	return d
}

func (d *cohereDialect) forms() int { return len(d.order) }

func (d *cohereDialect) decode(reply []byte, count, dimension int) ([]Vector, int64, error) {
	return decodeCohere(reply, count, dimension)
}

func (d *cohereDialect) request(form int, texts []string, query bool) (question, error) {
	input := cohere.EmbedInputTypeSearchDocument
	if query {
		input = cohere.EmbedInputTypeSearchQuery
	}
	var u *url.URL
	var request any
	switch f := d.order[form]; f {
	case cohereBase64:
		u, request = d.v2, d.requestV2(texts, input, cohere.EmbeddingTypeBase64)
	case cohereFloats:
		u, request = d.v2, d.requestV2(texts, input, cohere.EmbeddingTypeFloat)
	default:
		r := &cohere.EmbedRequest{Texts: texts, Model: &d.model, Truncate: cohere.EmbedRequestTruncateNone.Ptr()}
		if f == cohereV1 {
			r.InputType = &input
		}
		u, request = d.v1, r
	}
	body, err := encodeRequest(request)
	return question{url: u.String(), shown: shownURL(u), body: body}, err
}

func (d *cohereDialect) requestV2(texts []string, input cohere.EmbedInputType, as cohere.EmbeddingType) any {
	r := &cohere.V2EmbedRequest{
		Texts: texts, Model: d.model, InputType: input,
		EmbeddingTypes: []cohere.EmbeddingType{as},
		Truncate:       cohere.V2EmbedRequestTruncateNone.Ptr(),
	}
	if d.dimensions > 0 {
		r.OutputDimension = &d.dimensions
	}
	return r
}
