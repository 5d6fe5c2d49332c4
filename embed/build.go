package embed

import (
	"net/url"

	"destination-astra/internal/models"
)

// Names of the providers, which are the embedding modes of the configuration.
const (
	ProviderOpenAI           = models.OpenAI
	ProviderAzureOpenAI      = models.AzureOpenAI
	ProviderOpenAICompatible = "openai_compatible"
	ProviderCohere           = models.Cohere
)

// builder collects what a constructor finds wrong first.
type builder struct {
	identity identity
	err      *Error
}

func newBuilder(provider string, s settings) *builder {
	return &builder{identity: identity{provider: provider, settings: s, header: "Authorization", scheme: "Bearer "}}
}

// fail keeps the first error.
func (b *builder) fail(f fault, message string) {
	if b.err == nil {
		role := faultTraits[f].role
		b.err = &Error{Provider: b.identity.provider, Message: message, Setting: b.identity.settings.path(role), fault: f}
	}
}

// key takes the API key.
func (b *builder) key(key string, required bool) {
	clean, ok := cleanKey(key)
	switch {
	case !ok:
		b.fail(faultKey, "the key holds a control character")
	case clean == "" && required:
		b.fail(faultKey, "the key is missing")
	}
	b.identity.key = clean
}

// url takes the endpoint, or why there is none.
func (b *builder) url(u *url.URL, err error) *url.URL {
	if err != nil {
		b.fail(faultAddress, err.Error())
		return &url.URL{}
	}
	b.identity.base = u
	return u
}

// dimension returns the length of the vectors, and what to ask for: 0 when the model
// makes that length by itself or cannot be asked.
func (b *builder) dimension(m Model, configured int) (dimension, ask int) {
	switch {
	case configured < 0 || configured == 0 && m.Dimension == 0:
		b.fail(faultDimension, "the number of dimensions is not positive")
	case configured == 0 || configured == m.Dimension:
		return m.Dimension, 0
	case m.Makes(configured):
		return configured, configured
	case m.Dimension > 0:
		b.fail(faultDimension, "the model does not make vectors of that many dimensions")
	}
	return configured, 0
}
