package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"destination-astra/reading"
)

// searchFlags are the flags of the command search.
type searchFlags struct {
	stream, filter string
	limit          int
	json           bool
}

func (a *app) searchCommand(f *files) *cobra.Command {
	var flags searchFlags
	cmd := &cobra.Command{
		Use:   "search --config FILE [--stream NAME] [--limit N] [--filter JSON] [--json] QUERY",
		Short: "Search the collection for the documents nearest to a text",
		RunE: forPeople(func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
				return usageError{errors.New("search takes one text to search for; put it in quotes")}
			}
			return a.search(cmd.Context(), f, flags, args[0])
		}),
	}
	set := cmd.Flags()
	set.StringVar(&flags.stream, "stream", "", "search only in the stream of this `name` (as in _ab_stream)")
	set.IntVar(&flags.limit, "limit", 10, fmt.Sprintf("the most hits, 1 to %d", reading.MaxSearchLimit))
	set.StringVar(&flags.filter, "filter", "", "a Data API `filter` (JSON object) that hits must match")
	set.BoolVar(&flags.json, "json", false, "print each hit as a line of JSON")
	return cmd
}

// search checks the flags before anything is opened or embedded.
func (a *app) search(ctx context.Context, f *files, flags searchFlags, text string) error {
	q := reading.Query{Text: text, Stream: flags.stream, Limit: flags.limit}
	if flags.limit < 1 || flags.limit > reading.MaxSearchLimit {
		return usageError{fmt.Errorf("--limit is %d: use 1 to %d", flags.limit, reading.MaxSearchLimit)}
	}
	if flags.filter != "" {
		if !json.Valid([]byte(flags.filter)) {
			return usageError{errors.New("--filter is not JSON")}
		}
		q.Filter = json.RawMessage(flags.filter)
	}
	c, err := a.open(f, a.stderrLogger(), nil)
	if err != nil {
		return err
	}
	hits, err := reading.Search(ctx, c, q)
	if err == nil {
		err = a.printHits(hits, flags.json)
	}
	return errors.Join(err, c.Close())
}

// printHits prints JSON lines, a list on a terminal, or else one line a hit with its
// parts between tabs.
func (a *app) printHits(hits []reading.Hit, asJSON bool) error {
	columns, p := width(a.stdout), a.answers()
	for i, h := range hits {
		key := cmp.Or(h.RecordID, h.ID)
		switch {
		case asJSON: // documents are data, and stay as they are
			p.err = printJSON(a.stdout, map[string]any{
				"similarity": h.Similarity, "stream": h.Stream, "record_id": h.RecordID, "id": h.ID,
				"text": h.Text, "document": h.Document})
		case columns > 0:
			p.line("%2d. %.3f  %s\n    %s", i+1, h.Similarity, key, p.excerpt(h.Text, max(columns-8, 40)))
		default:
			p.line("%.3f\t%s\t%s", h.Similarity, key, p.excerpt(h.Text, excerptRunes))
		}
		if p.err != nil {
			return p.err
		}
	}
	if len(hits) == 0 && columns > 0 {
		p.line("Nothing found.")
	}
	return p.err
}
