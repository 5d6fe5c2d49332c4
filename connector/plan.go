package connector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"destination-astra/document"
	"destination-astra/embed"
	"destination-astra/internal/clients"
	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
	"destination-astra/internal/quote"
	"destination-astra/internal/tally"
	"destination-astra/protocol"
)

// Plan says what a write of the same input would do. Its JSON form is what
// `plan --json` prints.
type Plan struct {
	Collection string        `json:"collection"`
	Exists     bool          `json:"collection_exists"`
	Embedder   string        `json:"embedder"`
	Streams    []*StreamPlan `json:"streams"`
	Total      PlanCounts    `json:"total"`
	Calls      PlanCalls     `json:"calls"`

	// PriceUSD is the price of a million tokens and CostUSD that of TokensToEmbed; nil
	// when the price is not known.
	PriceUSD *float64 `json:"usd_per_million_tokens"`
	CostUSD  *float64 `json:"cost_usd"`
	// Estimated says that the tokens to embed, and so the cost, are not counted by the
	// provider's own tokenizer: they may be off by a third.
	Estimated bool `json:"estimated"`
	// MinimumSeconds is how long the embedding takes at least at the configured limits,
	// and LimitedBy the setting that decides it; nil and empty when none is configured.
	MinimumSeconds *float64 `json:"minimum_seconds"`
	LimitedBy      string   `json:"limited_by,omitempty"`

	SkippedLines         int64            `json:"skipped_lines"`
	UnknownStreamRecords map[string]int64 `json:"unknown_stream_records,omitempty"`
	// WouldFail says why the write would end early; empty when it would not.
	WouldFail string `json:"would_fail,omitempty"`
}

// StreamPlan is a Plan's share of one stream.
type StreamPlan struct {
	Stream string `json:"stream"`
	PlanCounts
	// ChunkLengths count chunks by their tokens; empty ranges are left out.
	ChunkLengths []LengthCount `json:"chunk_lengths"`
	// Changing are the fields that differ from what is stored in every record that is
	// stored: candidates for processing.exclude_fields. Empty when a record is unchanged.
	Changing []string `json:"fields_changed_in_every_record,omitempty"`
	Compared int      `json:"changed_records_compared"`
	// Reordered counts compared records whose text differs from what is stored in nothing
	// but the order of its lines: the source sends the fields in another order.
	Reordered int `json:"records_with_fields_in_another_order,omitempty"`
	// FirstOnly counts records whose largest fields are in their first document only, because
	// all chunks together would repeat too much.
	FirstOnly int64          `json:"records_with_fields_in_the_first_chunk_only,omitempty"`
	Rejects   []RejectReason `json:"rejected_because,omitempty"`

	watch   *fieldWatch
	guesses []clients.Fields // of a stream without a key
	lengths lengthCounts
	reasons rejectReasons
}

// PlanCounts are what a Plan counts, for a stream or for all.
type PlanCounts struct {
	Records  int64 `json:"records"` // received, rejected ones too
	Rejected int64 `json:"rejected"`
	Dropped  int64 `json:"dropped"`  // CDC deletes of a stream that does not deduplicate
	Replaced int64 `json:"replaced"` // by a newer version of the same record close behind
	Deleted  int64 `json:"deleted"`  // CDC deletes

	New       int64 `json:"new"` // records of which nothing is stored
	Changed   int64 `json:"changed"`
	Unchanged int64 `json:"unchanged"`

	Chunks            int64 `json:"chunks"`
	Tokens            int64 `json:"tokens"` // of all chunks, as processing.tokenizer counts them
	ChunksUnchanged   int64 `json:"chunks_unchanged"`
	ChunksToWrite     int64 `json:"chunks_to_write"`
	ChunksToEmbed     int64 `json:"chunks_to_embed"`
	TokensToEmbed     int64 `json:"tokens_to_embed"`     // as the embedding service counts them
	DocumentsToDelete int64 `json:"documents_to_delete"` // older versions; not what finalising deletes
	DocumentsToRaise  int64 `json:"documents_to_raise"`  // unchanged, in a stream that is replaced
}

// PlanOptions are what a plan may be told from outside.
type PlanOptions struct {
	// Cost returns the price in US dollars of embedding so many tokens with the
	// configured mode and model; nil takes the list prices of embed.Cost.
	Cost func(mode, model string, tokens int64) (dollars float64, known bool)
	// Explain says to people why a write would fail; nil takes the error's own words.
	Explain func(error) string
}

// Plan reads the input of a write and does everything that the write would, except
// embedding and writing. It reads the collection where there is one, to tell what is
// unchanged; it creates nothing. What would make the write fail is in the Plan; an error
// is a plan that could not be made.
func (c *Connector) Plan(
	ctx context.Context, catalog *protocol.Catalog, in io.Reader, o PlanOptions,
) (plan *Plan, err error) {
	input, exists, err := c.rehearsal(ctx, catalog, in)
	if err != nil {
		return nil, failure.Interruption(ctx, err)
	}
	p := c.newPlanner(input.Streams, exists)
	if o.Explain != nil {
		p.explain = o.Explain
	}
	defer func() { err = errors.Join(err, input.Close(), p.close()) }()
	if p.counter, err = c.Tokenizer(); err != nil {
		return nil, err
	}
	if err := p.run(ctx, input); err != nil {
		return nil, failure.Interruption(ctx, fmt.Errorf("plan: %w", err))
	}
	c.price(p.plan, o)
	return p.plan, nil
}

func (c *Connector) newPlanner(all *intake.Streams, exists bool) *planner {
	finds := &countedFinds{Finder: c.Database.Collection(c.Config.Indexing.Collection)}
	p := &planner{
		lookup: c.newLookup(finds, all), finds: finds, embeds: c.Embedder != nil, log: c.Log,
		texts: tally.NewFor(c.Options.MemoryBytes), planned: tally.NewFor(c.Options.MemoryBytes),
		streams: map[*intake.Stream]*StreamPlan{},
		plan:    &Plan{Collection: c.Config.Indexing.Collection, Exists: exists, Embedder: c.Fingerprint()},
		rejects: c.newRejects(quiet()), explain: error.Error,
	}
	p.calls.embedder, _ = c.Embedder.(forecaster)
	return p
}

// rehearsal makes what plan and verify share with write: the input, with the builder for the
// collection as it is (or as write would create it); and it says whether that exists.
func (c *Connector) rehearsal(
	ctx context.Context, catalog *protocol.Catalog, from io.Reader,
) (in *intake.Input, exists bool, err error) {
	facts := intake.CallFacts{JobID: c.Options.JobID, Started: time.Now(), Nonce: rand.Text()}
	all, err := intake.NewStreams(catalog, facts, c.Log)
	if err != nil {
		return nil, false, err
	}
	d, err := c.DescribeCollection(ctx)
	if err != nil {
		return nil, false, err
	}
	indexing := document.Indexing{Deny: c.WantedDeny()}
	if d != nil {
		indexing = clients.IndexingOf(d)
		if _, err := c.JudgeCollection(d); err != nil {
			return nil, false, err
		}
	}
	builder, err := c.NewBuilder(indexing)
	if err != nil {
		return nil, false, err
	}
	in = intake.New(intake.Options{
		From: from, Streams: all, Builder: builder, MemoryBytes: c.Options.MemoryBytes, Log: quiet(),
	})
	return in, d != nil, nil
}

// quiet is the log of what a write would warn of and nobody else needs to.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// price sets what the embedding costs and how long it takes at least.
func (c *Connector) price(p *Plan, o PlanOptions) {
	e := c.Config.Embedding
	if o.Cost == nil {
		o.Cost = embed.Cost
	}
	if price, known := o.Cost(e.Mode, e.Model, 1e6); known {
		cost, _ := o.Cost(e.Mode, e.Model, p.Total.TokensToEmbed)
		p.PriceUSD, p.CostUSD = &price, &cost
	}
	limit := func(n int64, perMinute int, setting string) {
		if perMinute == 0 {
			return
		}
		seconds := 60 * float64(n) / float64(perMinute)
		if p.MinimumSeconds == nil || seconds > *p.MinimumSeconds {
			p.MinimumSeconds, p.LimitedBy = &seconds, setting
		}
	}
	limit(p.Calls.EmbeddingRequests, e.Ceilings.RequestsPerMinute, "requests_per_minute")
	limit(p.Total.TokensToEmbed, e.Ceilings.TokensPerMinute, "tokens_per_minute")
}

func (c *PlanCounts) add(d *PlanCounts) {
	c.Records += d.Records
	c.Rejected += d.Rejected
	c.Dropped += d.Dropped
	c.Replaced += d.Replaced
	c.Deleted += d.Deleted
	c.New += d.New
	c.Changed += d.Changed
	c.Unchanged += d.Unchanged
	c.Chunks += d.Chunks
	c.Tokens += d.Tokens
	c.ChunksUnchanged += d.ChunksUnchanged
	c.ChunksToWrite += d.ChunksToWrite
	c.ChunksToEmbed += d.ChunksToEmbed
	c.TokensToEmbed += d.TokensToEmbed
	c.DocumentsToDelete += d.DocumentsToDelete
	c.DocumentsToRaise += d.DocumentsToRaise
}

// LengthCount says how many chunks have more than From and at most To tokens.
type LengthCount struct {
	From   int   `json:"from"`
	To     int   `json:"to"`
	Chunks int64 `json:"chunks"`
}

// lengthCounts count chunks by the power of two that their tokens do not exceed.
type lengthCounts [32]int64

func (l *lengthCounts) add(tokens int) {
	exponent := 0
	if tokens > 1 {
		exponent = int(math.Ceil(math.Log2(float64(tokens))))
	}
	l[exponent]++
}

// list leaves out the ranges without chunks.
func (l *lengthCounts) list() []LengthCount {
	all := []LengthCount{}
	for exponent, n := range l {
		if n == 0 {
			continue
		}
		from := 1 << exponent / 2
		if exponent == 0 {
			from = 0
		}
		all = append(all, LengthCount{From: from, To: 1 << exponent, Chunks: n})
	}
	return all
}

// Limits of what a plan tells of rejected records.
const (
	maxRejectReasons  = 20
	maxRejectExamples = 3
)

// RejectReason is why records would be rejected, with the first of them.
type RejectReason struct {
	Field     string   `json:"field,omitempty"`
	Reason    string   `json:"reason"`
	Records   int64    `json:"records"`
	RecordIDs []string `json:"record_ids,omitempty"`
}

// rejectReasons group rejected records. After [maxRejectReasons] reasons further ones
// share one entry.
type rejectReasons struct{ list []RejectReason }

func (r *rejectReasons) add(reject *document.RejectError) {
	at := r.find(quote.Brief(reject.Field), reject.Reason)
	one := &r.list[at]
	one.Records++
	if reject.RecordID != "" && len(one.RecordIDs) < maxRejectExamples {
		one.RecordIDs = append(one.RecordIDs, quote.Brief(reject.RecordID))
	}
}

// find returns the index of the reason's entry.
func (r *rejectReasons) find(field, reason string) int {
	for i, one := range r.list {
		if one.Field == field && one.Reason == reason {
			return i
		}
	}
	if len(r.list) > maxRejectReasons {
		return len(r.list) - 1
	}
	if len(r.list) == maxRejectReasons {
		field, reason = "", "other reasons"
	}
	r.list = append(r.list, RejectReason{Field: field, Reason: reason})
	return len(r.list) - 1
}
