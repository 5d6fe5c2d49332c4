package embed

import (
	"fmt"

	"destination-astra/internal/models"
)

// DefaultModel is the model of OpenAI asked for when none is configured, as Airbyte's
// Python connectors do.
const DefaultModel = models.DefaultOpenAI

// DefaultOpenAIURL is asked when no other base URL is given.
const DefaultOpenAIURL = "https://api.openai.com/v1"

// openAIMaxBytes keeps requests small enough to be repeated cheaply; OpenAI documents
// no limit.
const openAIMaxBytes = 4 << 20

// OpenAIOptions configure an OpenAI. APIKey is required, and Dimensions for a model
// that this package does not know.
type OpenAIOptions struct {
	// APIKey is sent as a bearer token.
	APIKey string `json:"-"`
	// Model is DefaultModel when empty.
	Model string
	// Dimensions is how long the vectors are; 0 means the known model's own length.
	// It is sent when the known model can shorten its vectors to it, else only checked.
	Dimensions int
	// BaseURL is DefaultOpenAIURL when empty; the connector gives OPENAI_BASE_URL.
	BaseURL string
	Common
}

// Format prints the options without the key, whatever the verb.
func (o OpenAIOptions) Format(w fmt.State, _ rune) {
	_, _ = fmt.Fprintf(w, "{BaseURL:%s Model:%s Dimensions:%d}", shownText(o.BaseURL), o.Model, o.Dimensions)
}

// OpenAI embeds with OpenAI's embeddings API. It is safe for concurrent use.
type OpenAI struct{ *service }

var (
	_ QueryEmbedder = (*OpenAI)(nil)
	_ SomeEmbedder  = (*OpenAI)(nil)
)

// NewOpenAI makes an embedder without talking to the service. Options that cannot work
// are an *Error that names the setting.
func NewOpenAI(o OpenAIOptions) (*OpenAI, error) {
	b := newBuilder(ProviderOpenAI, settings{
		address:    "OPENAI_BASE_URL",
		key:        "embedding.openai_key",
		model:      "embedding.model",
		dimensions: "embedding.dimensions",
	})
	if o.BaseURL == "" {
		b.identity.settings.address = ""
	}
	model := firstOf(o.Model, DefaultModel)
	known, _ := FindModel(ProviderOpenAI, model)
	b.key(o.APIKey, true)
	endpoint := b.url(embeddingsURL(firstOf(o.BaseURL, DefaultOpenAIURL)))
	dimension, ask := b.dimension(known, o.Dimensions)
	if b.err != nil {
		return nil, b.err
	}
	s := newService(serviceOptions{
		identity:  b.identity,
		model:     model,
		dimension: dimension,
		endpoint:  endpoint,
		known:     known,
		budget:    budget{texts: models.OpenAIMaxTexts, tokens: models.OpenAIMaxTokens, bytes: openAIMaxBytes},
		dialect:   newOpenAIDialect(endpoint, model, ask),
		common:    o.Common,
	})
	s.client.version = true
	return &OpenAI{s}, nil
}
