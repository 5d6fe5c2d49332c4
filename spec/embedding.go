package spec

import (
	"strings"

	"destination-astra/internal/models"
	"destination-astra/internal/nearby"
)

// Modes of [Embedding]: who makes the vectors.
const (
	ModeOpenAI           = models.OpenAI
	ModeCohere           = models.Cohere
	ModeFake             = "fake"
	ModeAzureOpenAI      = models.AzureOpenAI
	ModeOpenAICompatible = "openai_compatible"
	ModeFromField        = "from_field"
	ModeAstraVectorize   = "astra_vectorize"
)

// MaxDimensions is the most dimensions a vector may have (Data API v1.0.51, observed).
const MaxDimensions = 4096

// fakeDimensions is how long the fake embedder's vectors have always been.
const fakeDimensions = 1536

// maxServiceID bounds a service's name: it is stored with every document.
const maxServiceID = 64

// Embedding says how texts become vectors. Fields that a mode does not use are zero.
type Embedding struct {
	// Mode is one of the Mode constants, from ModeOpenAI to ModeAstraVectorize.
	Mode string
	// OpenAIKey is the key of openai and azure_openai.
	OpenAIKey Secret
	// CohereKey is the key of cohere.
	CohereKey Secret
	// APIKey is the key of openai_compatible; a service may need none.
	APIKey Secret
	// APIBase is the http or https URL of the azure_openai resource.
	APIBase string
	// Deployment is the deployment's name at azure_openai.
	Deployment string
	// BaseURL is the http or https URL of the openai_compatible service.
	BaseURL string
	// Model is the model's name, filled in where the user left it to us. It is empty for
	// fake and from_field.
	Model string
	// ReplyModel is the name that an openai_compatible service's replies give the model,
	// where it is not Model; "*" for any.
	ReplyModel string
	// ServiceID names the service whose vectors are stored, in place of its address.
	ServiceID string
	// Dimensions is the length of each vector, from 1 to MaxDimensions.
	Dimensions int
	// Vectorize is who embeds inside Astra DB (astra_vectorize).
	Vectorize Vectorize
	// FieldName is the record's field that holds the vector (from_field).
	FieldName string
	// Ceilings are the user's own limits for the embedding service.
	Ceilings Ceilings
}

// Vectorize is an embedding service that Astra DB itself asks, in the words of
// createCollection's vector.service.
type Vectorize struct {
	// Provider is the service's name, such as openai or nvidia.
	Provider string
	// ProviderKeyName is the name of the key that the database keeps for the provider;
	// empty when the provider needs none or APIKey is set.
	ProviderKeyName string
	// Parameters are what else the provider needs, such as organizationId.
	Parameters map[string]string
}

// Ceilings bound what is asked of an embedding service, below what the service itself
// would allow. 0 means that the user set no ceiling.
type Ceilings struct {
	RequestsPerMinute int
	TokensPerMinute   int
	MaxConcurrency    int
}

func parseEmbedding(o *object) Embedding {
	mode, ok := o.requireChoice("mode", []string{ModeOpenAI, ModeCohere, ModeFake,
		ModeAzureOpenAI, ModeOpenAICompatible, ModeFromField, ModeAstraVectorize})
	if !ok {
		o.ignoreRest()
		return Embedding{}
	}
	e := Embedding{Mode: mode}
	switch mode {
	case ModeOpenAI:
		e.OpenAIKey = o.secret("openai_key", "paste your OpenAI API key")
		e.model(o, models.DefaultOpenAI)
	case ModeCohere:
		e.CohereKey = o.secret("cohere_key", "paste your Cohere API key")
		e.model(o, models.DefaultCohere)
	case ModeFake:
		e.Dimensions = fakeDimensions
	case ModeAzureOpenAI:
		e.OpenAIKey = o.secret("openai_key", "paste the key of your Azure OpenAI resource")
		e.APIBase = o.serviceURL("api_base", "give the URL of your Azure OpenAI resource")
		e.Deployment, _ = o.requireText("deployment", "give the name of your deployment")
		e.model(o, models.DefaultOpenAI)
	case ModeOpenAICompatible:
		e.APIKey = Secret(o.text("api_key", ""))
		e.BaseURL = o.serviceURL("base_url", "give the URL of your embedding service")
		e.Model = o.text("model_name", models.DefaultOpenAI)
		e.ReplyModel = o.text("reply_model", "")
		e.Dimensions, _ = o.requireInteger("dimensions", limits{1, MaxDimensions})
	case ModeAstraVectorize:
		e.vectorize(o)
	case ModeFromField:
		e.FieldName, _ = o.requireText("field_name", "name the field that holds the vector")
		e.Dimensions, _ = o.requireInteger("dimensions", limits{1, MaxDimensions})
	}
	if mode != ModeFake && mode != ModeFromField && mode != ModeAstraVectorize {
		e.Ceilings = parseCeilings(o)
		e.ServiceID = o.serviceID()
	}
	return e
}

// vectorize reads what createCollection needs to know of the service.
func (e *Embedding) vectorize(o *object) {
	e.Vectorize.Provider, _ = o.requireText("provider", "name the embedding provider as Astra DB does, such as openai")
	e.Model, _ = o.requireText("model", "name the model, such as text-embedding-3-small")
	e.Dimensions, _ = o.requireInteger("dimensions", limits{1, MaxDimensions})
	e.APIKey = Secret(o.text("api_key", ""))
	e.Vectorize.ProviderKeyName = o.text("provider_key_name", "")
	if e.APIKey.IsSet() && e.Vectorize.ProviderKeyName != "" {
		o.fail(o.at("api_key"), "cannot be combined with provider_key_name; use the one or the other")
	}
	items, path := o.list("parameters")
	for i, item := range items {
		fields, ok := item.(map[string]any)
		if !ok {
			o.fail(path(i), "must be an object with name and value, not %s", kind(item))
			continue
		}
		p := newObject(o.parser, path(i), fields)
		name, named := p.requireText("name", "name the parameter as Astra DB does, or remove the entry")
		value, valued := p.requireText("value", "give the parameter a value or remove the entry")
		p.done()
		if named && valued {
			e.Vectorize.set(name, value)
		}
	}
}

func (v *Vectorize) set(name, value string) {
	if v.Parameters == nil {
		v.Parameters = map[string]string{}
	}
	v.Parameters[name] = value
}

// secret returns a credential that must be there.
func (o *object) secret(name, hint string) Secret {
	s, _ := o.requireText(name, hint)
	return Secret(s)
}

// serviceURL returns the URL of an embedding service, as it was written.
func (o *object) serviceURL(name, hint string) string {
	s, ok := o.requireText(name, hint)
	if !ok {
		return ""
	}
	u, err := parseHTTPURL(s)
	if err != nil {
		o.fail(o.at(name), "%s", err)
		return ""
	}
	switch inClear(u) {
	case nearby.Public:
		o.fail(o.at(name), "is plain http to a host that is neither loopback nor private, "+
			"so your key and your texts would travel unencrypted; use https")
		return ""
	case nearby.Elsewhere:
		o.warn(o.at(name), "is plain http, so your key and your texts travel unencrypted, and is refused where "+
			"its host has a public address; use https if the service offers it")
	}
	return s
}

// model fills in Model and Dimensions from what the user gave and what is known.
func (e *Embedding) model(o *object, fallback string) {
	e.Model = o.text("model", fallback)
	e.Dimensions = o.integer("dimensions", 0, limits{1, MaxDimensions})
	m, ok := models.Find(e.Mode, e.Model)
	switch {
	case ok && e.Dimensions == 0:
		e.Dimensions = m.Dimension
	case ok:
		if reason := refuse(m, e.Model, e.Dimensions); reason != "" {
			o.fail(o.at("dimensions"), "%s", reason)
		}
	case e.Dimensions == 0 && o.fields["dimensions"] == nil:
		o.fail(o.at("model"), "is %s, which this connector does not know%s; for a model that is right "+
			"say in dimensions how long its vectors are", excerpt(e.Model), suggestion(e.Mode, e.Model))
	case suggestion(e.Mode, e.Model) != "":
		o.warn(o.at("model"), "is %s, which this connector does not know%s; check its spelling",
			excerpt(e.Model), suggestion(e.Mode, e.Model))
	}
}

// serviceID returns the name of the service in fingerprints.
func (o *object) serviceID() string {
	id := o.text("service_id", "")
	odd := strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("._-", r)
	})
	if odd || len(id) > maxServiceID {
		o.fail(o.at("service_id"), "must be at most %d letters, digits, dots, dashes and underscores", maxServiceID)
		return ""
	}
	return id
}

func parseCeilings(o *object) Ceilings {
	return Ceilings{
		RequestsPerMinute: o.integer("requests_per_minute", 0, limits{1, 1_000_000}),
		TokensPerMinute:   o.integer("tokens_per_minute", 0, limits{1, 1_000_000_000}),
		MaxConcurrency:    o.integer("max_concurrency", 0, limits{1, 128}),
	}
}
