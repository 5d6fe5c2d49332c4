package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"destination-astra/protocol"
	"destination-astra/reading"
)

func (a *app) discoverCommand(f *files) *cobra.Command {
	var configured bool
	cmd := &cobra.Command{
		Use:   "discover --config FILE [--configured]",
		Short: "Print the streams that the keyspace's collections hold",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if configured {
				return forPeople(func(cmd *cobra.Command, _ []string) error {
					return a.discoverConfigured(cmd.Context(), f)
				})(cmd, nil)
			}
			return a.discover(cmd.Context(), f)
		},
	}
	cmd.Flags().BoolVar(&configured, "configured", false,
		"print a configured catalog for read instead of a message: every stream, with all fields but the vector")
	return cmd
}

func (a *app) discover(ctx context.Context, f *files) error {
	c, err := a.open(f, a.logger(), nil)
	if err != nil {
		return err
	}
	streams, err := reading.Discover(ctx, c)
	if err == nil {
		err = a.writer.Catalog(streams)
	}
	return errors.Join(err, c.Close())
}

// configuredStream is a stream of the catalog that read takes.
type configuredStream struct {
	Stream              protocol.Stream              `json:"stream"`
	SyncMode            protocol.SyncMode            `json:"sync_mode"`
	DestinationSyncMode protocol.DestinationSyncMode `json:"destination_sync_mode"`
}

// discoverConfigured prints what people would make of the CATALOG by hand.
func (a *app) discoverConfigured(ctx context.Context, f *files) error {
	c, err := a.open(f, a.stderrLogger(), nil)
	if err != nil {
		return err
	}
	streams, err := reading.Discover(ctx, c)
	all := make([]configuredStream, len(streams))
	for i, s := range streams {
		if err == nil {
			s.JSONSchema, err = withoutVector(s.JSONSchema)
		}
		all[i] = configuredStream{Stream: s, SyncMode: protocol.FullRefresh, DestinationSyncMode: protocol.Overwrite}
	}
	if err == nil {
		err = a.printReport(map[string]any{"streams": all})
	}
	return errors.Join(err, c.Close())
}

// withoutVector takes the vector out of a schema.
func withoutVector(schema json.RawMessage) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	var properties map[string]json.RawMessage
	if err := json.Unmarshal(schema, &members); err != nil {
		return nil, fmt.Errorf("discover: json_schema: %w", err)
	}
	if err := json.Unmarshal(members["properties"], &properties); err != nil {
		return nil, fmt.Errorf("discover: json_schema: %w", err)
	}
	delete(properties, reading.FieldVector)
	text, err := json.Marshal(properties)
	if err != nil {
		return nil, fmt.Errorf("discover: json_schema: %w", err)
	}
	members["properties"] = text
	return json.Marshal(members)
}
