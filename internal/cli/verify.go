package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"destination-astra/connector"
)

// shownFindings is how many records with differences verify shows of a stream.
const shownFindings = 20

// verifyFlags are the flags of the command verify.
type verifyFlags struct{ json, vectors bool }

func (a *app) verifyCommand(f *files) *cobra.Command {
	var flags verifyFlags
	cmd := &cobra.Command{
		Use:   "verify --config FILE --catalog FILE [--vectors] [--json]",
		Short: "Compare what is stored with what a write of the messages on stdin leaves behind",
		Args:  noArgs,
		RunE: forPeople(func(cmd *cobra.Command, _ []string) error {
			return a.verify(cmd.Context(), f, flags)
		}),
	}
	cmd.Flags().BoolVar(&flags.json, "json", false, "print everything that was found as a line of JSON")
	cmd.Flags().BoolVar(&flags.vectors, "vectors", false, "read the vectors too, which takes 5 to 20 times the data")
	return cmd
}

// verify fails when there are differences.
func (a *app) verify(ctx context.Context, f *files, flags verifyFlags) error {
	catalog, err := readCatalog(f)
	if err != nil {
		return err
	}
	c, err := a.open(f, a.stderrLogger(), nil)
	if err != nil {
		return err
	}
	v, err := connector.New(c).Verify(ctx, catalog, a.stdin, connector.VerifyOptions{Vectors: flags.vectors})
	switch {
	case err != nil:
	case flags.json:
		err = a.printReport(v)
	default:
		err = printVerification(a.answers(), v)
	}
	if err == nil && v.Differences > 0 {
		err = fmt.Errorf("verify: %d documents are not as they should be", v.Differences)
	}
	return errors.Join(err, c.Close())
}

// printVerification prints a line for each stream and, below it, its first findings.
func printVerification(b *printer, v *connector.Verification) error {
	if !v.Exists {
		b.line("The collection %s does not exist.", v.Collection)
	}
	for _, s := range v.Streams {
		b.line("Stream %s: %d records%s, %d documents compared: %d missing, %d stale, %d differing",
			s.Stream, s.Records, unlessZero(s.Rejected, "rejected"), s.Compared, s.Missing, s.Stale, s.Differing)
		for i, f := range s.Findings {
			if i == shownFindings {
				b.line("  and %d more records; --json lists all", len(s.Findings)-i)
				break
			}
			printFinding(b, f)
		}
	}
	printInput(b, v.SkippedLines, v.UnknownStreamRecords)
	return b.err
}

// printFinding prints a record with differences: how many of each kind, and what differs.
func printFinding(b *printer, f *connector.Finding) {
	var parts []string
	add := func(ids []string, what string) {
		if len(ids) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", len(ids), what))
		}
	}
	add(f.Missing, "missing")
	add(f.Stale, "stale")
	differ := "differing"
	if len(f.Fields) > 0 {
		differ += " (" + strings.Join(f.Fields, ", ") + ")"
	}
	add(f.Differing, differ)
	text := ""
	if f.Text != "" {
		text = "  " + f.Text
	}
	b.line("  %s: %s%s", f.Key, strings.Join(parts, ", "), text)
}
