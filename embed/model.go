package embed

// PricesDate is the month in which the prices of the known models were read.
const PricesDate = "2026-05"

// Model is what a provider documents about one of its models. A zero field is not
// documented.
type Model struct {
	// Dimension is the length of the vectors when the request asks for no other.
	Dimension int
	// Shortens tells that a request may ask for fewer dimensions.
	Shortens bool
	// Window is the most tokens of one text.
	Window int
	// MaxTexts and MaxTokens are the most of one request.
	MaxTexts, MaxTokens int
	// DollarsPerMillion is the list price of a million tokens at PricesDate.
	DollarsPerMillion float64
	// Retired is the date since which the provider no longer serves the model,
	// "" while it does.
	Retired string
}

// Limits that all models of a provider share: OpenAI's API reference, "Create
// embeddings"; Cohere's API reference, "Embed".
const (
	openAIWindow    = 8191
	openAIMaxTexts  = 2048
	openAIMaxTokens = 300_000
	cohereMaxTexts  = 96
	cohereRetiredV2 = "2026-04-04"
)

// openAIModels are the models of OpenAI, and of Azure's deployments of them.
var openAIModels = map[string]Model{
	"text-embedding-ada-002": {
		Dimension: 1536, Window: openAIWindow, MaxTexts: openAIMaxTexts, MaxTokens: openAIMaxTokens,
		DollarsPerMillion: 0.10,
	},
	"text-embedding-3-small": {
		Dimension: 1536, Shortens: true,
		Window: openAIWindow, MaxTexts: openAIMaxTexts, MaxTokens: openAIMaxTokens,
		DollarsPerMillion: 0.02,
	},
	"text-embedding-3-large": {
		Dimension: 3072, Shortens: true,
		Window: openAIWindow, MaxTexts: openAIMaxTexts, MaxTokens: openAIMaxTokens,
		DollarsPerMillion: 0.13,
	},
}

// cohereModels are the models of Cohere. It publishes no price of its v3 models.
var cohereModels = map[string]Model{
	"embed-english-v2.0":            {Dimension: 4096, Window: 512, MaxTexts: cohereMaxTexts, Retired: cohereRetiredV2},
	"embed-english-light-v2.0":      {Dimension: 1024, Window: 512, MaxTexts: cohereMaxTexts, Retired: cohereRetiredV2},
	"embed-multilingual-v2.0":       {Dimension: 768, Window: 256, MaxTexts: cohereMaxTexts, Retired: cohereRetiredV2},
	"embed-english-v3.0":            {Dimension: 1024, Window: 512, MaxTexts: cohereMaxTexts},
	"embed-english-light-v3.0":      {Dimension: 384, Window: 512, MaxTexts: cohereMaxTexts},
	"embed-multilingual-v3.0":       {Dimension: 1024, Window: 512, MaxTexts: cohereMaxTexts},
	"embed-multilingual-light-v3.0": {Dimension: 384, Window: 512, MaxTexts: cohereMaxTexts},
	"embed-v4.0": {
		Dimension: 1536, Shortens: true, Window: 128_000, MaxTexts: cohereMaxTexts,
		DollarsPerMillion: 0.12,
	},
}

// FindModel returns what is known of a provider's model; ok is false for an unknown
// one, which may be used all the same. provider is an embedding mode, such as openai.
func FindModel(provider, name string) (m Model, ok bool) {
	switch provider {
	case ProviderOpenAI, ProviderAzureOpenAI:
		m, ok = openAIModels[name]
	case ProviderCohere:
		m, ok = cohereModels[name]
	}
	return m, ok
}

// Cost estimates the price in US dollars of tokens, from the list price at
// PricesDate; ok is false where no price is known. Azure's prices differ by region
// and contract, so it has none.
func Cost(provider, model string, tokens int64) (dollars float64, ok bool) {
	if provider == ProviderAzureOpenAI {
		return 0, false
	}
	m, _ := FindModel(provider, model)
	return m.DollarsPerMillion * float64(tokens) / 1e6, m.DollarsPerMillion > 0
}
