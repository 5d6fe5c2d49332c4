package clients

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"destination-astra/astra"
	"destination-astra/chunk"
	"destination-astra/embed"
	"destination-astra/internal/failure"
	"destination-astra/internal/nearby"
	"destination-astra/spec"
)

// newEmbedder makes the configured embedder; nil where the connector embeds
// nothing: for from_field the records bring their vectors, for astra_vectorize
// the server makes them.
func newEmbedder(o Options) (embed.Embedder, error) {
	common, err := embedOptions(o)
	if err != nil {
		return nil, err
	}
	var made embed.Embedder
	switch e := o.Config.Embedding; e.Mode {
	case spec.ModeFromField, spec.ModeAstraVectorize:
		return nil, nil
	case spec.ModeFake:
		return embed.NewFake(), nil
	case spec.ModeOpenAI:
		made, err = embed.NewOpenAI(embed.OpenAIOptions{
			APIKey: e.OpenAIKey.Reveal(), Model: e.Model, Dimensions: e.Dimensions,
			BaseURL: o.env("OPENAI_BASE_URL", "OPENAI_API_BASE"), Common: common,
		})
	case spec.ModeAzureOpenAI:
		made, err = embed.NewAzureOpenAI(embed.AzureOpenAIOptions{
			APIKey: e.OpenAIKey.Reveal(), APIBase: e.APIBase, Deployment: e.Deployment,
			Model: e.Model, Dimensions: e.Dimensions, Common: common,
		})
	case spec.ModeCohere:
		made, err = embed.NewCohere(embed.CohereOptions{
			APIKey: e.CohereKey.Reveal(), Model: e.Model, Dimensions: e.Dimensions,
			BaseURL: o.env("CO_API_URL"), Common: common,
		})
	case spec.ModeOpenAICompatible:
		made, err = embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
			BaseURL: e.BaseURL, APIKey: e.APIKey.Reveal(), Model: e.Model,
			ReplyModel: e.ReplyModel, Dimensions: e.Dimensions, Common: common,
		})
	}
	if err != nil {
		return nil, &failure.ConfigError{Reason: "embedding", Err: err}
	}
	o.warnInClear()
	return made, nil
}

// warnInClear says of the environment's addresses what the configuration's warnings say
// of its own.
func (o Options) warnInClear() {
	names := map[string][]string{
		spec.ModeOpenAI: {"OPENAI_BASE_URL", "OPENAI_API_BASE"}, spec.ModeCohere: {"CO_API_URL"},
	}[o.Config.Embedding.Mode]
	u, err := url.Parse(o.env(names...))
	if err == nil && u.Scheme == "http" && nearby.Judge(u.Hostname()) == nearby.Elsewhere {
		o.Log.Warn("the address is plain http, so your key and your texts travel unencrypted, and is refused where "+
			"its host has a public address; use https if the service offers it", "variable", strings.Join(names, " or "))
	}
}

// embedOptions are what all services have in common.
func embedOptions(o Options) (embed.Common, error) {
	e := o.Config.Embedding
	common := embed.Common{
		Transport: o.EmbedTransport, UserAgent: astra.UserAgent(o.Version), Retry: o.Timing.retry(),
		RequestsPerMinute: e.Ceilings.RequestsPerMinute, TokensPerMinute: e.Ceilings.TokensPerMinute,
		MaxConcurrency: e.Ceilings.MaxConcurrency,
		ServiceID:      e.ServiceID,
		OnWait: func(w embed.WaitEvent) {
			o.Log.Info("waiting for the embedding service", "provider", w.Provider, "for", w.For, "reason", w.Reason)
		},
	}
	if e.Mode == spec.ModeFake || e.Mode == spec.ModeFromField || e.Mode == spec.ModeAstraVectorize {
		return common, nil
	}
	// Of all of OpenAI's embedding models; for others the embedder keeps a margin.
	counter, err := chunk.NewTokenizer("cl100k_base")
	if err != nil {
		return common, fmt.Errorf("embedding: %w", err)
	}
	common.Counter = counter
	return common, nil
}

// env returns the first of the environment's variables that is set.
func (o Options) env(names ...string) string {
	for _, name := range names {
		if o.Getenv == nil {
			break
		}
		if value := strings.TrimSpace(o.Getenv(name)); value != "" {
			return value
		}
	}
	return ""
}

// Fingerprint is what _ab_embedder holds.
func (c *Clients) Fingerprint() string {
	e := c.Config.Embedding
	switch {
	case c.Embedder != nil:
		return c.Embedder.Fingerprint()
	case e.Mode == spec.ModeAstraVectorize:
		id := parametersID(e.Vectorize.Parameters)
		return fmt.Sprintf("%s/%s/%s%s/%d", e.Mode, e.Vectorize.Provider, e.Model, id, e.Dimensions)
	default:
		return fmt.Sprintf("%s/%s/%d", e.Mode, e.FieldName, e.Dimensions)
	}
}

// parametersID tells apart what is asked of a provider with other parameters, a deployment
// say: a hash, for they are nobody's business; "" without any.
func parametersID(parameters map[string]string) string {
	if len(parameters) == 0 {
		return ""
	}
	text, _ := json.Marshal(parameters) // in the order of the names
	sum := sha256.Sum256(text)
	return "@" + hex.EncodeToString(sum[:6])
}

// vectorService is createCollection's vector.service (Data API, "vectorize").
type vectorService struct {
	Provider       string            `json:"provider"`
	ModelName      string            `json:"modelName"`
	Authentication map[string]string `json:"authentication,omitempty"`
	Parameters     map[string]string `json:"parameters,omitempty"`
}

// service is what the collection needs to know of the provider; nil where the
// connector embeds.
func (c *Clients) service() (json.RawMessage, error) {
	e := c.Config.Embedding
	if e.Mode != spec.ModeAstraVectorize {
		return nil, nil
	}
	s := vectorService{Provider: e.Vectorize.Provider, ModelName: e.Model, Parameters: e.Vectorize.Parameters}
	if name := e.Vectorize.ProviderKeyName; name != "" {
		s.Authentication = map[string]string{"providerKey": name}
	}
	return json.Marshal(s)
}
