package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"destination-astra/connector"
	"destination-astra/internal/fault"
)

func (a *app) planCommand(f *files) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan --config FILE --catalog FILE [--json]",
		Short: "Say what a write of the messages on stdin would do and cost; writes and embeds nothing",
		Args:  noArgs,
		RunE: forPeople(func(cmd *cobra.Command, _ []string) error {
			return a.plan(cmd.Context(), f, asJSON)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as a line of JSON")
	return cmd
}

// plan prints what the input would do.
func (a *app) plan(ctx context.Context, f *files, asJSON bool) error {
	catalog, err := readCatalog(f)
	if err != nil {
		return err
	}
	c, err := a.open(f, a.stderrLogger(), nil)
	if err != nil {
		return err
	}
	plan, err := connector.New(c).Plan(ctx, catalog, a.stdin, connector.PlanOptions{Explain: fault.Explain})
	switch {
	case err != nil:
	case asJSON:
		err = a.printReport(plan)
	default:
		err = printPlan(a.answers(), plan)
	}
	if err == nil && plan.WouldFail != "" {
		err = fmt.Errorf("plan: the write would fail: %s", plan.WouldFail)
	}
	return errors.Join(err, c.Close())
}

// printPlan prints a plan for people.
func printPlan(b *printer, p *connector.Plan) error {
	exists := "exists"
	if !p.Exists {
		exists = "does not exist yet, the write creates it"
	}
	b.line("Collection %s (%s), embedder %s", p.Collection, exists, p.Embedder)
	for _, s := range p.Streams {
		printStreamPlan(b, s)
	}
	b.line("")
	b.line("Total")
	printCounts(b, &p.Total)
	b.line("  calls        %d find, %d insertMany, %d updateMany, %d deleteMany; %d embedding requests",
		p.Calls.Find, p.Calls.InsertMany, p.Calls.UpdateMany, p.Calls.DeleteMany, p.Calls.EmbeddingRequests)
	if p.CostUSD != nil {
		estimate := ""
		if p.Estimated {
			estimate = "; an estimate, since the provider counts tokens in its own way"
		}
		b.line("  cost         %.4f US dollars, at %g for a million tokens%s", *p.CostUSD, *p.PriceUSD, estimate)
	} else {
		b.line("  cost         unknown: no price is known for this model")
	}
	if p.MinimumSeconds != nil {
		b.line("  duration     at least %.0f s, because of embedding.%s", math.Ceil(*p.MinimumSeconds), p.LimitedBy)
	} else {
		b.line("  duration     no limit is configured that would set one")
	}
	printInput(b, p.SkippedLines, p.UnknownStreamRecords)
	if p.WouldFail != "" {
		b.line("")
		b.line("The write would fail: %s", p.WouldFail)
	}
	return b.err
}

// printStreamPlan prints a stream's counts, the histogram of its chunks, and what its user
// may want to change.
func printStreamPlan(b *printer, s *connector.StreamPlan) {
	b.line("")
	b.line("Stream %s", s.Stream)
	printCounts(b, &s.PlanCounts)
	most := int64(0)
	for _, l := range s.ChunkLengths {
		most = max(most, l.Chunks)
	}
	for i, l := range s.ChunkLengths {
		name := ""
		if i == 0 {
			name = "lengths"
		}
		b.line("  %-12s %5d to %5d tokens  %8d  %s", name, min(l.From+1, l.To), l.To, l.Chunks,
			strings.Repeat("#", int(max(1, 30*l.Chunks/most))))
	}
	if len(s.Changing) > 0 {
		b.line("  changing     %s: different in every record (of %d compared); if that means nothing, "+
			"put them into processing.exclude_fields", strings.Join(s.Changing, ", "), s.Compared)
	}
	if s.Reordered > 0 {
		b.line("  order         in %d of %d changed records that were compared, the fields of the text are the same in "+
			"another order; to keep it, name them in processing.text_fields", s.Reordered, s.Compared)
	}
	if s.FirstOnly > 0 {
		b.line("  metadata     %d of the records have too many chunks to repeat all of their fields: the largest are in the first "+
			"document only; name those that each chunk needs in processing.metadata_fields", s.FirstOnly)
	}
	for _, r := range s.Rejects {
		field := ""
		if r.Field != "" {
			field = "field " + r.Field + ": "
		}
		b.line("  rejected     %d: %s%s", r.Records, field, r.Reason)
		if len(r.RecordIDs) > 0 {
			b.line("               such as %s", strings.Join(r.RecordIDs, ", "))
		}
	}
}

// printCounts prints the lines that a stream and the total share.
func printCounts(b *printer, c *connector.PlanCounts) {
	b.line("  records      %d: %d new, %d changed, %d unchanged%s%s%s%s", c.Records, c.New, c.Changed, c.Unchanged,
		unlessZero(c.Replaced, "replaced by newer versions"), unlessZero(c.Deleted, "deleted"),
		unlessZero(c.Dropped, "deletions without effect"), unlessZero(c.Rejected, "rejected"))
	b.line("  chunks       %d of %d tokens: %d unchanged, %d to write",
		c.Chunks, c.Tokens, c.ChunksUnchanged, c.ChunksToWrite)
	b.line("  to embed     %d chunks of %d tokens", c.ChunksToEmbed, c.TokensToEmbed)
	b.line("  documents    %d to delete%s", c.DocumentsToDelete,
		unlessZero(c.DocumentsToRaise, "to raise to this generation"))
}

// printInput says what of the input was passed over.
func printInput(b *printer, skipped int64, unknown map[string]int64) {
	if skipped > 0 {
		b.line("  skipped      %d lines that are no Airbyte messages", skipped)
	}
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		b.line("  skipped      %d records of the stream %s, which the catalog lacks", unknown[name], name)
	}
}

// unlessZero is a further part of a list; nothing when there is nothing to say.
func unlessZero(n int64, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d %s", n, what)
}
