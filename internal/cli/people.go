package cli

import (
	"encoding/json"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// stderrLogger is the log of the commands for people, whose stdout is their answer: what
// is worth a warning, one line each.
func (a *app) stderrLogger() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// forPeople makes a command's errors go to stderr; a wrong command line stays one.
func forPeople(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if _, usage := err.(usageError); usage || err == nil {
			return err
		}
		return peopleError{err}
	}
}

// printReport prints what we have to say as one line for machines, without secrets.
func (a *app) printReport(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return printJSON(a.stdout, json.RawMessage(a.secrets.json(text)))
}

// printJSON prints one line for machines, data as it is.
func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// width is how many characters of a line the terminal shows; 0 means that out is none.
func width(out io.Writer) int {
	f, ok := out.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return 80
	}
	return columns
}
