package embed

import "destination-astra/internal/models"

// PricesDate is the month in which the prices of the known models were read.
const PricesDate = models.PricesDate

// Model is what a provider documents about one of its models: the dimensions of its vectors
// (and which others may be asked for), the window of a text, the limits of a request, the list
// price, and since when it is retired. A zero field is not documented.
type Model = models.Model

// FindModel returns what is known of a provider's model; ok is false for an unknown
// one, which may be used all the same. provider is an embedding mode, such as openai.
func FindModel(provider, name string) (m Model, ok bool) { return models.Find(provider, name) }

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
