package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"destination-astra/astra"
	"destination-astra/internal/clients"
	"destination-astra/internal/failure"
	"destination-astra/internal/quote"
	"destination-astra/internal/retry"
	"destination-astra/spec"
)

// checkServices asks, before there is a collection, whether the Data API embeds as
// configured. A Data API that does not know the question is believed.
func checkServices(ctx context.Context, c *clients.Clients) (notes []string, err error) {
	e := c.Config.Embedding
	if e.Mode != spec.ModeAstraVectorize {
		return nil, nil
	}
	providers, err := c.Client.FindEmbeddingProviders(ctx)
	switch {
	case astra.HasCode(err, astra.CodeUnknownCommand):
		return []string{fmt.Sprintf("The Data API does not say by whom it embeds; whether it knows %s/%s "+
			"shows when the first write creates the collection.", e.Vectorize.Provider, e.Model)}, nil
	case err != nil:
		return nil, err
	case len(providers) == 0:
		return nil, &failure.ConfigError{Reason: failure.NoVectorize}
	}
	provider, known := providers[e.Vectorize.Provider]
	if !known {
		return nil, &failure.ConfigError{Reason: fmt.Sprintf(
			"embedding.provider: the Data API does not embed with %q; it offers %s",
			e.Vectorize.Provider, choices(slices.Collect(maps.Keys(providers))))}
	}
	models := make([]string, 0, len(provider.Models))
	for _, m := range provider.Models {
		models = append(models, m.Name)
	}
	if !slices.Contains(models, e.Model) {
		return nil, &failure.ConfigError{Reason: fmt.Sprintf(
			"embedding.model: the Data API does not embed with %s's model %q; it offers %s",
			e.Vectorize.Provider, e.Model, choices(models))}
	}
	return nil, nil
}

// maxChoices bounds how many names a message lists.
const maxChoices = 12

// choices lists names, sorted.
func choices(names []string) string {
	slices.Sort(names)
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > maxChoices:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxChoices], ", "), len(names)-maxChoices)
	}
	return strings.Join(names, ", ")
}

// proveVectorize lets the server embed one text, by a search that changes nothing.
func proveVectorize(ctx context.Context, c *clients.Clients, coll clients.Finder) error {
	query := astra.FindQuery{
		Sort: map[string]any{"$vectorize": checkText}, Projection: map[string]any{"_id": 1, clients.TrialID: 1}, Limit: 1,
		ShortFields: true,
	}
	_, err := coll.Find(ctx, query)
	var e *astra.Error
	if !errors.As(err, &e) || e.Scope == "SECURITY" || retry.Retryable(err) || e.Code == "" {
		return err
	}
	return &failure.ConfigError{Reason: fmt.Sprintf("the Data API does not embed a text with %s/%s. "+
		"Check embedding.provider, embedding.model, and embedding.api_key or embedding.provider_key_name: %s",
		c.Config.Embedding.Vectorize.Provider, c.Config.Embedding.Model, quote.Excerpt(e.Message))}
}
