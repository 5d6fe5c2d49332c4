package localastra

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// embeddingProvider is one entry of the catalogue that findEmbeddingProviders prints and
// that createCollection judges a service by. The names and dimensions are those of the
// Data API's embedding-providers-config.yaml.
type embeddingProvider struct {
	title  string
	url    string
	header string // how the key travels to the provider; empty for one that needs none
	// parameters have to be given in service.parameters.
	parameters []serviceParameter
	models     []embeddingModel
}

// serviceParameter is a text that a provider needs beside a key.
type serviceParameter struct{ name, help string }

// embeddingModel has a fixed dimension, or lets the collection choose one.
type embeddingModel struct {
	name                string
	dimension           int // the only one, or the default
	smallest, greatest  int // both 0 for a fixed dimension
	deprecated, retired bool
}

// openAIModels are offered by OpenAI and by Azure.
var openAIModels = []embeddingModel{
	{name: "text-embedding-3-large", dimension: 3072, smallest: 256, greatest: 3072},
	{name: "text-embedding-3-small", dimension: 1536, smallest: 2, greatest: 1536},
	{name: "text-embedding-ada-002", dimension: 1536},
}

// embeddingProviders is the catalogue, by the names that createCollection takes.
var embeddingProviders = map[string]embeddingProvider{
	"openai": {title: "OpenAI", url: "https://api.openai.com/v1/", header: "Authorization", models: openAIModels},
	"azureOpenAI": {title: "Azure OpenAI", header: "api-key", models: openAIModels,
		url: "https://{resourceName}.openai.azure.com/openai/deployments/{deploymentId}/embeddings?api-version=2024-02-01",
		parameters: []serviceParameter{{"resourceName", "The name of your Azure OpenAI resource."},
			{"deploymentId", "The name of your deployment of the model."}}},
	"huggingface": {title: "Hugging Face", header: "Authorization",
		url: "https://api-inference.huggingface.co/pipeline/feature-extraction/", models: []embeddingModel{
			{name: "BAAI/bge-base-en-v1.5", dimension: 768},
			{name: "BAAI/bge-large-en-v1.5", dimension: 1024},
			{name: "BAAI/bge-small-en-v1.5", dimension: 384},
			{name: "intfloat/multilingual-e5-large", dimension: 1024},
			{name: "intfloat/multilingual-e5-large-instruct", dimension: 1024},
			{name: "sentence-transformers/all-MiniLM-L6-v2", dimension: 384},
		}},
	"huggingfaceDedicated": {title: "Hugging Face Dedicated", header: "Authorization",
		url: "https://{endpointName}.{regionName}.{cloudName}.endpoints.huggingface.cloud/embeddings",
		parameters: []serviceParameter{{"endpointName", "The first part of the endpoint's URL."},
			{"regionName", "The second part of the endpoint's URL."},
			{"cloudName", "The third part of the endpoint's URL."}},
		models: []embeddingModel{{name: "endpoint-defined-model", smallest: 2, greatest: 3072}}},
	"jinaAI": {title: "Jina AI", url: "https://api.jina.ai/v1/embeddings", header: "Authorization",
		models: []embeddingModel{
			{name: "jina-embeddings-v2-base-code", dimension: 768},
			{name: "jina-embeddings-v2-base-de", dimension: 768},
			{name: "jina-embeddings-v2-base-en", dimension: 768},
			{name: "jina-embeddings-v2-base-es", dimension: 768},
			{name: "jina-embeddings-v2-base-zh", dimension: 768},
		}},
	"mistral": {title: "Mistral AI", url: "https://api.mistral.ai/v1/embeddings", header: "Authorization",
		models: []embeddingModel{{name: "mistral-embed", dimension: 1024}}},
	"nvidia": {title: "NVIDIA", url: "https://integrate.api.nvidia.com/v1/embeddings",
		models: []embeddingModel{{name: "NV-Embed-QA", dimension: 1024, deprecated: true},
			{name: "nvidia/nv-embedqa-e5-v5", dimension: 1024}}},
	"upstageAI": {title: "Upstage AI", url: "https://api.upstage.ai/v1/solar/embeddings", header: "Authorization",
		models: []embeddingModel{{name: "solar-1-mini-embedding", dimension: 4096, retired: true},
			{name: "solar-embedding-1-large", dimension: 4096}}},
	"voyageAI": {title: "Voyage AI", url: "https://api.voyageai.com/v1/embeddings", header: "Authorization",
		models: []embeddingModel{
			{name: "voyage-2", dimension: 1024},
			{name: "voyage-code-2", dimension: 1536},
			{name: "voyage-large-2", dimension: 1536},
			{name: "voyage-large-2-instruct", dimension: 1024},
			{name: "voyage-law-2", dimension: 1024},
		}},
}

// Support states of a model, as clients filter by them.
const (
	modelSupported  = "SUPPORTED"
	modelDeprecated = "DEPRECATED"
	modelEndOfLife  = "END_OF_LIFE"
)

// providerCommands list what $vectorize and findAndRerank can be served by.
func providerCommands() map[string]command {
	options := []string{"filterModelStatus"}
	return map[string]command{
		"findEmbeddingProviders": {scope: generalScope, fields: []string{"options"}, options: options,
			run: findEmbeddingProviders},
		"findRerankingProviders": {scope: generalScope, fields: []string{"options"}, options: options,
			run: findRerankingProviders},
	}
}

// statusFilter reads filterModelStatus: absent means the supported models, an empty text
// all of them.
func statusFilter(options value) (func(status string) bool, *apiError) {
	given, has := options.get("filterModelStatus")
	all := []string{modelSupported, modelDeprecated, modelEndOfLife}
	switch {
	case !has || given.kind == kindNull:
		return func(status string) bool { return status == modelSupported }, nil
	case given.kind == kindString && given.text == "":
		return func(string) bool { return true }, nil
	case !slices.Contains(all, given.text):
		return nil, invalidValue("command.options.filterModelStatus", given,
			"status can only be 'SUPPORTED', 'DEPRECATED' or 'END_OF_LIFE'")
	}
	return func(status string) bool { return status == given.text }, nil
}

// findEmbeddingProviders lists the catalogue; a server without an embedder has none.
func findEmbeddingProviders(r *request) (*reply, *apiError) {
	keep, err := statusFilter(r.options)
	if err != nil {
		return nil, err
	}
	fields := []field{}
	if r.server.options.Embed != nil {
		for _, name := range slices.Sorted(maps.Keys(embeddingProviders)) {
			fields = append(fields, field{name, embeddingProviders[name].json(keep)})
		}
	}
	return &reply{status: []field{{"embeddingProviders", objectValue(fields...)}}}, nil
}

// json prints a provider with those of its models whose status keep accepts.
func (p embeddingProvider) json(keep func(status string) bool) value {
	models := []value{}
	for _, m := range p.models {
		if keep(m.status()) {
			models = append(models, m.json())
		}
	}
	parameters := []value{}
	for _, given := range p.parameters {
		parameters = append(parameters, objectValue(
			field{"name", stringValue(given.name)}, field{"type", stringValue("STRING")},
			field{"required", boolValue(true)}, field{"defaultValue", value{}}, field{"validation", objectValue()},
			field{"help", stringValue(given.help)}))
	}
	return objectValue(field{"displayName", stringValue(p.title)}, field{"url", stringValue(p.url)},
		field{"supportedAuthentication", p.authentication()}, field{"parameters", arrayValue(parameters)},
		field{"models", arrayValue(models)})
}

// authentication says where a client may put the key for the provider.
func (p embeddingProvider) authentication() value {
	way := func(enabled bool, accepted string) value {
		tokens := []value{}
		if accepted != "" && p.header != "" {
			tokens = append(tokens, objectValue(field{"accepted", stringValue(accepted)},
				field{"forwarded", stringValue(p.header)}))
		}
		return objectValue(field{"enabled", boolValue(enabled)}, field{"tokens", arrayValue(tokens)})
	}
	return objectValue(
		field{"NONE", way(p.header == "", "")},
		field{"HEADER", way(p.header != "", "x-embedding-api-key")},
		field{"SHARED_SECRET", way(p.header != "", "providerKey")},
	)
}

// status is the support state of the model.
func (m embeddingModel) status() string {
	switch {
	case m.retired:
		return modelEndOfLife
	case m.deprecated:
		return modelDeprecated
	}
	return modelSupported
}

// json prints a model: its dimension, or the parameter by which one is chosen.
func (m embeddingModel) json() value {
	dimension, parameters := intValue(m.dimension), []value{}
	if m.greatest > 0 {
		fallback := value{}
		if m.dimension > 0 {
			fallback = stringValue(decimalText(m.dimension))
		}
		dimension = value{}
		allowed := arrayValue([]value{intValue(m.smallest), intValue(m.greatest)})
		parameters = []value{objectValue(
			field{"name", stringValue("vectorDimension")}, field{"type", stringValue("number")},
			field{"required", boolValue(true)}, field{"defaultValue", fallback},
			field{"validation", objectValue(field{"numericRange", allowed})},
			field{"help", stringValue("The dimension of the vectors in the database.")})}
	}
	return objectValue(field{"name", stringValue(m.name)}, field{"vectorDimension", dimension},
		field{"parameters", arrayValue(parameters)},
		field{"apiModelSupport", objectValue(field{"status", stringValue(m.status())})})
}

// checkService judges an embedding service by the catalogue. The server's own model is
// accepted from every provider, and with any dimension.
func (s *Server) checkService(service value, dimension int) *apiError {
	named, _ := service.get("provider")
	provider, known := embeddingProviders[named.text]
	if !known {
		return badOptions("Service provider '" + named.text + "' is not supported.")
	}
	given, _ := service.get("parameters")
	for _, p := range provider.parameters {
		if v, _ := given.get(p.name); v.kind == kindNull {
			return badOptions(fmt.Sprintf("Required parameter '%s' for the '%s' provider is missing.", p.name, named.text))
		}
	}
	name, _ := service.get("modelName")
	if s.options.EmbedModel != "" && name.text == s.options.EmbedModel {
		return nil
	}
	at := slices.IndexFunc(provider.models, func(m embeddingModel) bool {
		return m.name == name.text || name.text == "" && len(provider.models) == 1
	})
	if at < 0 {
		return badOptions(fmt.Sprintf("Model name '%s' for provider '%s' is not supported.", name.text, named.text))
	}
	return provider.models[at].check(dimension)
}

// check refuses a retired model, and a dimension that the model does not make.
func (m embeddingModel) check(dimension int) *apiError {
	switch {
	case m.retired:
		return badOptions("Model '" + m.name + "' is at the end of its life and is no longer supported.")
	case m.greatest == 0 && dimension != m.dimension:
		return badOptions(fmt.Sprintf("The dimension '%d' does not match the model's dimension '%d'.",
			dimension, m.dimension))
	case m.greatest > 0 && (dimension < m.smallest || dimension > m.greatest):
		return badOptions(fmt.Sprintf("The dimension '%d' is not in the range of the model, '%d' to '%d'.",
			dimension, m.smallest, m.greatest))
	}
	return nil
}

// Names of the one reranking model that there is, which is the default.
const (
	rerankingProvider = "nvidia"
	rerankingModel    = "nvidia/llama-3.2-nv-rerankqa-1b-v2"
)

// findRerankingProviders lists the one provider that the Data API has.
func findRerankingProviders(r *request) (*reply, *apiError) {
	keep, err := statusFilter(r.options)
	if err != nil {
		return nil, err
	}
	models := []value{}
	if keep(modelSupported) {
		models = append(models, objectValue(field{"name", stringValue(rerankingModel)},
			field{"isDefault", boolValue(true)},
			field{"url", stringValue("https://ai.api.nvidia.com/v1/retrieval/" + rerankingModel + "/reranking")},
			field{"properties", value{}},
			field{"apiModelSupport", objectValue(field{"status", stringValue(modelSupported)})}))
	}
	none := objectValue(field{"enabled", boolValue(true)}, field{"tokens", arrayValue([]value{})})
	provider := objectValue(field{"isDefault", boolValue(true)}, field{"displayName", stringValue("Nvidia")},
		field{"supportedAuthentication", objectValue(field{"NONE", none})}, field{"models", arrayValue(models)})
	return &reply{status: []field{{"rerankingProviders", objectValue(field{rerankingProvider, provider})}}}, nil
}

// checkReranker judges the service of a rerank option. An absent one is the default.
func checkReranker(service value) string {
	if service.kind == kindNull {
		return ""
	}
	provider, _ := service.get("provider")
	model, _ := service.get("modelName")
	switch {
	case provider.text == "":
		return "Provider name is required for reranking service configuration."
	case provider.text != rerankingProvider:
		return "Reranking provider '" + provider.text + "' is not supported."
	case model.text != rerankingModel:
		return "Model '" + strings.TrimSpace(model.text) + "' is not supported by reranking provider '" +
			provider.text + "'."
	}
	return ""
}
