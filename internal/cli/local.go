package cli

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

// defaultListen is the port that the Data API's own container images use, on
// loopback only.
const defaultListen = "127.0.0.1:8181"

// localFlags are the flags of the command local.
type localFlags struct{ listen, data, token, backend string }

func (a *app) localCommand() *cobra.Command {
	var f localFlags
	cmd := &cobra.Command{
		Use:   "local --data DIR",
		Short: "Serve a local Data API from a folder, for any Data API client",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.serveLocal(cmd.Context(), f); err != nil {
				return peopleError{err}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", defaultListen, "`address` to listen on; one that is not loopback needs --token")
	flags.StringVar(&f.data, "data", "", "`folder` to keep the data in; it is created if it does not exist")
	flags.StringVar(&f.token, "token", "", "`token` that clients must send; by default any token will do")
	flags.StringVar(&f.backend, "backend", localastra.BackendAstra,
		"answer as this database does: astra, or cassandra, which refuses some filters")
	return cmd
}

// serveLocal serves until ctx ends; that is its ordinary end.
func (a *app) serveLocal(ctx context.Context, f localFlags) error {
	if f.data == "" {
		return usageError{errors.New("--data is missing: name a folder to keep the data in")}
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen: %w; choose another address with --listen", err)
	}
	url := "http://" + listener.Addr().String()
	server, err := localastra.Open(localastra.Options{Dir: f.data, Token: f.token, Backend: f.backend})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Serve(gctx, listener) })
	a.printLocal(url, f)
	return errors.Join(group.Wait(), server.Close())
}

func (a *app) printLocal(url string, f localFlags) {
	token := f.token
	if token == "" {
		token = "any"
	}
	fmt.Fprintf(a.stdout, `Data API on %[1]s, data in %[2]s. Stop it with Ctrl-C.

A configuration for it:

{
  "embedding": {"mode": "fake"},
  "processing": {"chunk_size": 1000},
  "indexing": {
    "astra_db_endpoint": "%[1]s",
    "astra_db_app_token": "%[3]s",
    "astra_db_keyspace": "%[4]s",
    "collection": "airbyte"
  }
}
`, url, f.data, token, localastra.DefaultKeyspace)
}
