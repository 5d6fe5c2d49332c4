package embed

import (
	"fmt"
)

// Limits of one request of OpenAICompatible. Text Embeddings Inference takes 32
// texts and 2 MB unless it was started with other limits; other services take more.
const (
	DefaultMaxTexts = 32
	DefaultMaxBytes = 1 << 20
)

// OpenAICompatibleOptions configure an OpenAICompatible. BaseURL and Dimensions are
// required; every other zero value means its default.
type OpenAICompatibleOptions struct {
	// BaseURL is what /embeddings is appended to: with or without a slash at its
	// end, and with or without /embeddings already. A query is kept.
	BaseURL string
	// APIKey is sent as a bearer token; without one no Authorization header is sent.
	APIKey string `json:"-"`
	// Model is sent as it is; DefaultModel when empty.
	Model string
	// ReplyModel is the name that replies give the model; Model when empty, and AnyModel
	// for any. A reply that names another one is an *Error. In the fingerprint it stands
	// for Model.
	ReplyModel string
	// Dimensions is how long the model's vectors are. It is checked, never sent:
	// many compatible services refuse the field.
	Dimensions int
	Common
}

// Format prints the options without the key, whatever the verb.
func (o OpenAICompatibleOptions) Format(w fmt.State, _ rune) {
	_, _ = fmt.Fprintf(w, "{BaseURL:%s Model:%s Dimensions:%d}", shownText(o.BaseURL), o.Model, o.Dimensions)
}

// OpenAICompatible embeds with a service that speaks OpenAI's embeddings API, such
// as vLLM, Text Embeddings Inference, Ollama, LocalAI or a gateway. It is safe for
// concurrent use.
type OpenAICompatible struct{ *service }

var (
	_ QueryEmbedder = (*OpenAICompatible)(nil)
	_ SomeEmbedder  = (*OpenAICompatible)(nil)
)

// NewOpenAICompatible makes an embedder without talking to the service. Options
// that cannot work are an *Error that names the setting.
func NewOpenAICompatible(o OpenAICompatibleOptions) (*OpenAICompatible, error) {
	b := newBuilder(ProviderOpenAICompatible, settings{
		address:    "embedding.base_url",
		key:        "embedding.api_key",
		model:      "embedding.model_name",
		dimensions: "embedding.dimensions", servedModel: "embedding.model_name or embedding.reply_model",
	})
	model := firstOf(o.Model, DefaultModel)
	endpoint := b.url(embeddingsURL(o.BaseURL))
	b.key(o.APIKey, false)
	dimension, _ := b.dimension(Model{}, o.Dimensions)
	if b.err != nil {
		return nil, b.err
	}
	dialect := newOpenAIDialect(endpoint, model, 0)
	dialect.served = servedModel(firstOf(o.ReplyModel, model))
	named := o.ReplyModel
	if named == AnyModel {
		named = ""
	}
	s := newService(serviceOptions{
		named:     named,
		identity:  b.identity,
		model:     model,
		dimension: dimension,
		endpoint:  endpoint,
		budget:    budget{texts: DefaultMaxTexts, bytes: DefaultMaxBytes},
		dialect:   dialect,
		common:    o.Common,
	})
	s.client.version = true
	return &OpenAICompatible{s}, nil
}
