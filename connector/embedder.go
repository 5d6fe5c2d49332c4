package connector

import (
	"fmt"

	"destination-astra/astra"
	"destination-astra/embed"
	"destination-astra/spec"
)

// newEmbedder makes the configured embedder; nil for from_field, where the
// records bring their vectors.
func newEmbedder(o Options) (embed.Embedder, error) {
	switch e := o.Config.Embedding; e.Mode {
	case spec.ModeFromField:
		return nil, nil
	case spec.ModeFake:
		return embed.NewFake(), nil
	case spec.ModeOpenAICompatible:
		compatible, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
			BaseURL: e.BaseURL, APIKey: e.APIKey.Reveal(), Model: e.Model, Dimensions: e.Dimensions,
			Transport: o.EmbedTransport, UserAgent: astra.UserAgent(o.Version),
			Retry: o.Timing.retry(),
		})
		if err != nil {
			return nil, &ConfigError{Reason: "embedding", Err: err}
		}
		return compatible, nil
	default:
		return nil, &ConfigError{Reason: fmt.Sprintf(
			"embedding.mode %q is not available in this version yet: use %q, %q or %q",
			e.Mode, spec.ModeOpenAICompatible, spec.ModeFromField, spec.ModeFake)}
	}
}

// fingerprint is what _ab_embedder holds.
func (c *Connector) fingerprint() string {
	if c.embedder == nil {
		return fmt.Sprintf("from_field/%s/%d", c.config.Embedding.FieldName, c.config.EmbedderDimension())
	}
	return c.embedder.Fingerprint()
}
