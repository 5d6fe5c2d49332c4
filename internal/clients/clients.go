package clients

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"destination-astra/astra"
	"destination-astra/chunk"
	"destination-astra/document"
	"destination-astra/embed"
	"destination-astra/internal/failure"
	"destination-astra/internal/quote"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// Options are what [Clients] are made of. Config, Writer and Log are needed;
// the zero value of each other field is its default.
type Options struct {
	Config *spec.Config
	// Writer owns stdout: states go out through it.
	Writer *protocol.Writer
	Log    *slog.Logger

	// OpenLocal opens the embedded Data API of a `local:DIR` endpoint and
	// returns the way to it. Without it such an endpoint is refused.
	OpenLocal func(dir string) (http.RoundTripper, io.Closer, error)
	// AstraTransport and EmbedTransport replace the network, for tests.
	AstraTransport, EmbedTransport http.RoundTripper

	// Getenv gives the variables that name another address of a provider
	// (OPENAI_BASE_URL, OPENAI_API_BASE, CO_API_URL); nil means none is set.
	Getenv func(string) string
	// Version is this program's, for the user-agent.
	Version string
	// JobID is the platform's WORKER_JOB_ID; empty outside the platform.
	JobID string

	// MemoryBytes bounds what is in flight; 0 means DefaultMemoryBytes.
	MemoryBytes int64
	// Concurrency is how many calls of the Data API and batches are under way at a
	// time at first; it adapts to how the server does. 0 means the client's default.
	Concurrency int
	Timing      Timing
}

// DefaultMemoryBytes is the default of [Options].
const DefaultMemoryBytes = 256 << 20

// Clients are what a configuration names, opened: the Data API's database, the embedder and
// what they are used with. Close them when done. They are safe for concurrent use.
type Clients struct {
	// Options are those that the clients were made of, with the defaults filled in.
	Options Options
	// Config and Log are those of Options.
	Config *spec.Config
	Log    *slog.Logger
	// Client is the Data API's, and Database the configured keyspace of it.
	Client   *astra.Client
	Database *astra.Database
	// Embedder makes the vectors; nil for from_field, where records bring them, and for
	// astra_vectorize, where the server makes them.
	Embedder embed.Embedder
	// Repeats counts the calls of the Data API that were repeated.
	Repeats atomic.Int64
	closers []io.Closer
}

// Open checks what can be checked without a network, opens a local endpoint and
// makes the clients. Package fault tells what its errors mean.
func Open(o Options) (*Clients, error) {
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = DefaultMemoryBytes
	}
	o.Timing = o.Timing.withDefaults()
	c := &Clients{Options: o, Config: o.Config, Log: o.Log}
	var err error
	if c.Embedder, err = newEmbedder(o); err != nil {
		return nil, err
	}
	if err := c.connect(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close closes the local endpoint and idle connections.
func (c *Clients) Close() error {
	var errs []error
	for _, closer := range c.closers {
		errs = append(errs, closer.Close())
	}
	c.closers = nil
	return errors.Join(errs...)
}

// connect makes the Data API client for the configured endpoint.
func (c *Clients) connect() error {
	indexing := c.Config.Indexing
	o := astra.Options{
		Token:           indexing.Token.Reveal(),
		EmbeddingAPIKey: c.embeddingAPIKey(),
		UserAgent:       astra.UserAgent(c.Options.Version),
		Transport:       c.Options.AstraTransport,
		Retry:           c.Options.Timing.retry(),
		RequestTimeout:  c.Options.Timing.request(indexing.ServerTimeout),
		Concurrency:     c.Options.Concurrency,
		OnRetry:         func(astra.RetryEvent) { c.Repeats.Add(1) },
		OnWait:          c.logWait,
	}
	if dir, ok := indexing.Endpoint.IsLocal(); ok {
		transport, err := c.openLocal(dir)
		if err != nil {
			return err
		}
		o.Endpoint, o.Transport = "http://local/v1", transport
	} else {
		urls := indexing.Endpoint.BaseURLs()
		o.Endpoint = urls[0]
		if len(urls) > 1 {
			o.AlternateEndpoint = urls[1]
		}
	}
	client, err := astra.NewClient(o)
	if err != nil {
		return &failure.ConfigError{Reason: "indexing.astra_db_endpoint or astra_db_app_token cannot be used", Err: err}
	}
	c.Client = client
	c.Database = client.Database(indexing.Keyspace)
	return nil
}

// logWait says why nothing happens, at the client's measured pace.
func (c *Clients) logWait(e astra.WaitEvent) {
	lasted := e.For.Round(time.Second)
	if e.Calls == 0 {
		c.Log.Info("the Data API takes calls again", "waited", lasted)
		return
	}
	c.Log.Info("Data API calls are repeated", "waiting", e.Commands, "for", lasted,
		"patience", c.Options.Timing.patience(),
		"reason", quote.Brief(e.Err.Error()))
}

// embeddingAPIKey goes along with each request where the server embeds.
func (c *Clients) embeddingAPIKey() string {
	if c.Config.Embedding.Mode != spec.ModeAstraVectorize {
		return ""
	}
	return c.Config.Embedding.APIKey.Reveal()
}

func (c *Clients) openLocal(dir string) (http.RoundTripper, error) {
	if c.Options.JobID != "" {
		return nil, &failure.ConfigError{Reason: "indexing.astra_db_endpoint: a local: endpoint cannot be used on the " +
			"Airbyte platform, because the folder is gone when the sync ends: " +
			"use the endpoint of an Astra DB database or of your own Data API"}
	}
	if c.Options.OpenLocal == nil {
		return nil, &failure.ConfigError{Reason: "indexing.astra_db_endpoint: a local: endpoint is not available here"}
	}
	transport, closer, err := c.Options.OpenLocal(dir)
	if err != nil {
		return nil, &failure.ConfigError{Reason: "indexing.astra_db_endpoint: the local store cannot be opened", Err: err}
	}
	c.closers = append(c.closers, closer)
	return transport, nil
}

// NewBuilder makes the document builder for a collection with this indexing.
func (c *Clients) NewBuilder(indexing document.Indexing) (*document.Builder, error) {
	p := c.Config.Processing
	counter, err := c.Tokenizer()
	if err != nil {
		return nil, err
	}
	splitter, err := chunk.NewSplitter(chunk.Options{
		Mode:          chunk.Mode(p.TextSplitter.Mode),
		Separators:    p.TextSplitter.Separators,
		KeepSeparator: p.TextSplitter.KeepSeparator,
		SplitLevel:    p.TextSplitter.SplitLevel,
		Language:      p.TextSplitter.Language,
		ChunkSize:     p.ChunkSize,
		ChunkOverlap:  p.ChunkOverlap,
		Counter:       counter,
	})
	if err != nil {
		return nil, &failure.ConfigError{Reason: "processing.text_splitter", Err: err}
	}
	o := document.Options{
		TextFields: p.TextFields, MetadataFields: p.MetadataFields, ExcludeFields: p.ExcludeFields,
		OmitRawText: c.Config.OmitRawText, Indexing: indexing, Splitter: splitter,
		Vectorize: c.Config.Embedding.Mode == spec.ModeAstraVectorize,
		Embedder:  c.Fingerprint(), VectorField: c.Config.Embedding.FieldName,
		Dimension: c.Config.EmbedderDimension(),
	}
	for _, m := range p.FieldNameMappings {
		o.FieldNameMappings = append(o.FieldNameMappings, document.FieldNameMapping(m))
	}
	b, err := document.NewBuilder(o)
	if err != nil {
		return nil, &failure.ConfigError{Reason: "processing", Err: err}
	}
	return b, nil
}

func (c *Clients) Tokenizer() (chunk.Counter, error) {
	t, err := chunk.NewTokenizer(c.Config.Processing.Tokenizer)
	if err != nil {
		return nil, &failure.ConfigError{Reason: "processing.tokenizer", Err: err}
	}
	return t, nil
}
