package embed

import (
	"fmt"
	"net/url"
	"strings"

	"destination-astra/internal/models"
)

// DefaultAzureAPIVersion is the api-version of Airbyte's Python connectors.
const DefaultAzureAPIVersion = "2023-05-15"

// azureFirstTexts is how many texts a deployment of text-embedding-ada-002 took when
// it was the only model. Azure takes 2048 by now, but nothing tells an old deployment
// from a new one.
const azureFirstTexts = 16

// AzureOpenAIOptions configure an AzureOpenAI. APIKey, APIBase and Deployment are
// required, and Dimensions for a model that this package does not know.
type AzureOpenAIOptions struct {
	// APIKey is sent in the api-key header.
	APIKey string `json:"-"`
	// APIBase is the URL of the resource, such as https://name.openai.azure.com.
	APIBase string
	// Deployment is the name of the deployment.
	Deployment string
	// APIVersion is DefaultAzureAPIVersion when empty.
	APIVersion string
	// Model is the model that is deployed; DefaultModel when empty.
	Model string
	// Dimensions is as in OpenAIOptions.
	Dimensions int
	Common
}

// Format prints the options without the key, whatever the verb.
func (o AzureOpenAIOptions) Format(w fmt.State, _ rune) {
	_, _ = fmt.Fprintf(w, "{APIBase:%s Deployment:%s Model:%s Dimensions:%d}",
		shownText(o.APIBase), o.Deployment, o.Model, o.Dimensions)
}

// AzureOpenAI embeds with a deployment of an OpenAI model at Azure. It is safe for
// concurrent use.
type AzureOpenAI struct{ *service }

var (
	_ QueryEmbedder = (*AzureOpenAI)(nil)
	_ SomeEmbedder  = (*AzureOpenAI)(nil)
)

// NewAzureOpenAI makes an embedder without talking to the service. Options that cannot
// work are an *Error that names the setting.
func NewAzureOpenAI(o AzureOpenAIOptions) (*AzureOpenAI, error) {
	b := newBuilder(ProviderAzureOpenAI, settings{
		address:    "embedding.api_base",
		key:        "embedding.openai_key",
		model:      "embedding.deployment",
		dimensions: "embedding.dimensions", servedModel: "embedding.model",
	})
	b.identity.header, b.identity.scheme = "Api-Key", ""
	model := firstOf(o.Model, DefaultModel)
	known, ok := FindModel(ProviderAzureOpenAI, model)
	b.key(o.APIKey, true)
	endpoint := b.url(azureURL(o.APIBase, strings.TrimSpace(o.Deployment), firstOf(o.APIVersion, DefaultAzureAPIVersion)))
	if strings.TrimSpace(o.Deployment) == "" {
		b.fail(faultModel, "the name of the deployment is missing")
	}
	dimension, ask := b.dimension(known, o.Dimensions)
	if b.err != nil {
		return nil, b.err
	}
	limits := budget{texts: models.OpenAIMaxTexts, tokens: models.OpenAIMaxTokens, bytes: openAIMaxBytes}
	if !ok || model == DefaultModel {
		limits.texts = azureFirstTexts
	}
	return &AzureOpenAI{newService(serviceOptions{
		identity:  b.identity,
		model:     model,
		dimension: dimension,
		endpoint:  endpoint,
		known:     known,
		budget:    limits,
		dialect:   newOpenAIDialect(endpoint, model, ask),
		common:    o.Common,
	})}, nil
}

// azureURL is the path of a deployment's embeddings at the resource.
func azureURL(base, deployment, version string) (*url.URL, error) {
	u, err := baseURL(base)
	if err != nil {
		return nil, err
	}
	u.Path = strings.TrimSuffix(u.Path, "/openai")
	u = u.JoinPath("openai", "deployments", url.PathEscape(deployment), "embeddings")
	query := u.Query()
	query.Set("api-version", version)
	u.RawQuery = query.Encode()
	return u, nil
}
