package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"destination-astra/protocol"
	"destination-astra/reading"
)

func (a *app) readCommand(f *files) *cobra.Command {
	return &cobra.Command{
		Use:   "read --config FILE --catalog FILE [--state FILE]",
		Short: "Print the stored documents of the catalog's streams as records",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.read(cmd.Context(), f) },
	}
}

func (a *app) read(ctx context.Context, f *files) error {
	catalog, err := readCatalog(f)
	if err != nil {
		return err
	}
	var from reading.State
	if f.state != "" {
		text, err := readFile("state", f.state)
		if err != nil {
			return err
		}
		if from, err = reading.ParseState(text); err != nil {
			return err
		}
	}
	c, err := a.open(f, a.logger(), nil)
	if err != nil {
		return err
	}
	_, err = reading.Read(ctx, c, catalog, from)
	return errors.Join(err, c.Close())
}

// readCatalog reads the configured catalog; --config is needed too, and named first.
func readCatalog(f *files) (*protocol.Catalog, error) {
	if f.config == "" {
		return nil, missing("config")
	}
	return readCatalogFile(f.catalog)
}
