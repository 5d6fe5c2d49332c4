package models

import (
	"maps"
	"slices"
)

// Names of the providers, which are embedding modes of the configuration.
const (
	OpenAI      = "openai"
	AzureOpenAI = "azure_openai"
	Cohere      = "cohere"
)

// The models of OpenAI (and Azure) and of Cohere asked for when none is configured, as Airbyte's
// Python connectors do.
const (
	DefaultOpenAI = "text-embedding-ada-002"
	DefaultCohere = "embed-english-light-v2.0"
)

// PricesDate is the month in which the prices of the models were read.
const PricesDate = "2026-05"

// Limits that all models of a provider share, also those that are not in the table: OpenAI's
// API reference, "Create embeddings"; Cohere's API reference, "Embed".
const (
	OpenAIMaxTexts  = 2048
	OpenAIMaxTokens = 300_000
	CohereMaxTexts  = 96

	openAIWindow    = 8191
	cohereRetiredV2 = "2026-04-04"
)

// openAI are the models of OpenAI, and of Azure's deployments of them: OpenAI's guide,
// "Vector embeddings".
var openAI = map[string]Model{
	DefaultOpenAI: {
		Dimension: 1536, Window: openAIWindow, MaxTexts: OpenAIMaxTexts, MaxTokens: OpenAIMaxTokens,
		DollarsPerMillion: 0.10,
	},
	"text-embedding-3-small": {
		Dimension: 1536, Shortens: true,
		Window: openAIWindow, MaxTexts: OpenAIMaxTexts, MaxTokens: OpenAIMaxTokens,
		DollarsPerMillion: 0.02,
	},
	"text-embedding-3-large": {
		Dimension: 3072, Shortens: true,
		Window: openAIWindow, MaxTexts: OpenAIMaxTexts, MaxTokens: OpenAIMaxTokens,
		DollarsPerMillion: 0.13,
	},
}

// cohere are the models of Cohere's documentation, "Cohere's Embed Models". It publishes no
// price of its v3 models.
var cohere = map[string]Model{
	DefaultCohere:                   {Dimension: 1024, Window: 512, MaxTexts: CohereMaxTexts, Retired: cohereRetiredV2},
	"embed-english-v2.0":            {Dimension: 4096, Window: 512, MaxTexts: CohereMaxTexts, Retired: cohereRetiredV2},
	"embed-multilingual-v2.0":       {Dimension: 768, Window: 256, MaxTexts: CohereMaxTexts, Retired: cohereRetiredV2},
	"embed-english-v3.0":            {Dimension: 1024, Window: 512, MaxTexts: CohereMaxTexts},
	"embed-english-light-v3.0":      {Dimension: 384, Window: 512, MaxTexts: CohereMaxTexts},
	"embed-multilingual-v3.0":       {Dimension: 1024, Window: 512, MaxTexts: CohereMaxTexts},
	"embed-multilingual-light-v3.0": {Dimension: 384, Window: 512, MaxTexts: CohereMaxTexts},
	"embed-v4.0": {
		Dimension: 1536, Shortens: true, Shorter: []int{256, 512, 1024},
		Window: 128_000, MaxTexts: CohereMaxTexts, DollarsPerMillion: 0.12,
	},
}

// of are the models of a provider; nil for one that is not known.
func of(provider string) map[string]Model {
	switch provider {
	case OpenAI, AzureOpenAI:
		return openAI
	case Cohere:
		return cohere
	}
	return nil
}

// Find returns what is known of a provider's model; ok is false for an unknown one, which may
// be used all the same.
func Find(provider, name string) (m Model, ok bool) {
	m, ok = of(provider)[name]
	return m, ok
}

// Names are the known models of a provider, sorted; none for a provider that is not known.
func Names(provider string) []string { return slices.Sorted(maps.Keys(of(provider))) }
