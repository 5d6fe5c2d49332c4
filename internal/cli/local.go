package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

const (
	// defaultListen is the port that the Data API's own container images use, on
	// loopback only.
	defaultListen = "127.0.0.1:8181"
	// embedderKeyVariable is where the key of --embedder comes from: a command line can
	// be read by everybody on the machine.
	embedderKeyVariable = "LOCAL_EMBEDDER_API_KEY"
	// tokenVariable is where --token comes from when it is not given, for the same reason.
	tokenVariable = "LOCAL_TOKEN"
)

// localFlags are the flags of the command local.
type localFlags struct {
	listen, data, token, backend string
	tokenFile                    string
	memory, requestLog, check    bool
	latency                      time.Duration
	fail                         []string
	embedder, embedderModel      string
	maxCollections, pageSize     int
}

const localLong = `Serve a local Data API for any Data API client, with a page to look at the data on /.

It answers as Astra DB does: commands, limits, errors and pages. --fail makes a share of the requests
fail, to test a client: a status from 400 to 599 comes as from a gateway before the Data API, timeout
carries the command out and never answers, drop closes the connection, hang answers after 20 s as the
Data API does when its database hangs. KIND may follow the name of a command.

Environment:
  ` + tokenVariable + `             token that clients must send, for who does not want it to be seen on the command line
  ` + embedderKeyVariable + `  key that is sent to --embedder`

func (a *app) localCommand() *cobra.Command {
	var f localFlags
	cmd := &cobra.Command{
		Use:   "local {--data DIR | --memory}",
		Short: "Serve a local Data API from a folder, for any Data API client",
		Long:  localLong,
		Example: `  destination-astra local --data ./data
  destination-astra local --memory --latency 50ms --fail 429=0.1 --fail insertMany:timeout=0.01
  destination-astra local --data ./data --embedder http://localhost:11434/v1 --embedder-model all-minilm`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"config", "catalog"} {
				if cmd.Flags().Changed(name) {
					return usageError{fmt.Errorf("local takes no --%s: its options are flags, see local --help", name)}
				}
			}
			run := a.serveLocal
			if f.check {
				run = a.checkLocal
			}
			if err := run(cmd.Context(), f); err != nil {
				return peopleError{err}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", defaultListen,
		"`address` to listen on; one that is not loopback needs --token or --token-file")
	flags.StringVar(&f.data, "data", "", "`folder` to keep the data in; it is created if it does not exist")
	flags.BoolVar(&f.memory, "memory", false, "keep the data in memory; it is gone when the server stops")
	flags.BoolVar(&f.check, "check", false, "read all of the data in --data, list what is damaged, and end")
	flags.StringVar(&f.token, "token", "", "`token` that clients must send; by default any token will do")
	flags.StringVar(&f.tokenFile, "token-file", "", "`file` that holds the token, which the list of processes then does not show")
	flags.StringVar(&f.backend, "backend", localastra.BackendAstra,
		"answer as this database does: astra, or cassandra, which refuses some filters")
	flags.DurationVar(&f.latency, "latency", 0, "`time` to wait before each command, such as 50ms")
	flags.StringArrayVar(&f.fail, "fail", nil, "make a share of the requests fail: `[COMMAND:]KIND=SHARE`; repeatable")
	flags.BoolVar(&f.requestLog, "request-log", false, "write a line on stderr for each request")
	flags.StringVar(&f.embedder, "embedder", "", "base `URL` of an OpenAI-compatible service that serves $vectorize")
	flags.StringVar(&f.embedderModel, "embedder-model", "", "`model` to ask the embedder for")
	flags.IntVar(&f.maxCollections, "max-collections", localastra.DefaultMaxCollections,
		"how many collections the database may have")
	flags.IntVar(&f.pageSize, "page-size", localastra.DefaultPageSize,
		"documents in a page of find; 20 is that of servers before May 2026")
	return cmd
}

// serveLocal serves until ctx ends; that is its ordinary end.
func (a *app) serveLocal(ctx context.Context, f localFlags) error {
	shownToken, err := a.localToken(&f)
	if err != nil {
		return err
	}
	if f.data, err = inHome(f.data, a.getenv); err != nil {
		return usageError{fmt.Errorf("--data: %w", err)}
	}
	options, err := a.localOptions(f)
	if err != nil {
		return usageError{err}
	}
	listener, err := net.Listen("tcp", f.listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("another program listens on %s already; choose another address with --listen", f.listen)
	case err != nil:
		return fmt.Errorf("listen: %w; choose another address with --listen", err)
	}
	url := "http://" + listener.Addr().String()
	server, err := localastra.Open(options)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Serve(gctx, listener) })
	a.printLocal(url, shownToken, f)
	return errors.Join(group.Wait(), server.Close())
}

// localToken puts the token into the flags, wherever it comes from, and returns what a
// configuration shows in its place.
func (a *app) localToken(f *localFlags) (shown string, err error) {
	switch secret := a.getenv(tokenVariable); {
	case f.token != "" && f.tokenFile != "":
		return "", usageError{errors.New("--token and --token-file exclude each other")}
	case f.token != "":
		return f.token, nil
	case f.tokenFile != "":
		text, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return "", usageError{fmt.Errorf("--token-file: %w", err)}
		}
		if f.token = strings.TrimSpace(string(text)); f.token == "" {
			return "", usageError{fmt.Errorf("--token-file: %s is empty", f.tokenFile)}
		}
		shown = "what is in " + f.tokenFile
	case secret != "":
		f.token, shown = secret, "the value of "+tokenVariable
	default:
		return "any", nil
	}
	a.secrets.add(f.token)
	return shown, nil
}

// localOptions turns flags into options. Its errors are those of a command line.
func (a *app) localOptions(f localFlags) (localastra.Options, error) {
	o := localastra.Options{Dir: f.data, Memory: f.memory, Token: f.token, Backend: f.backend, Latency: f.latency,
		Explorer: true, EmbedModel: f.embedderModel, MaxCollections: f.maxCollections, PageSize: f.pageSize,
		MaxIndexes: f.maxCollections * localastra.DefaultMaxIndexes / localastra.DefaultMaxCollections}
	switch {
	case f.data == "" && !f.memory:
		return o, errors.New("--data is missing: name a folder to keep the data in, or use --memory")
	case f.data != "" && f.memory:
		return o, errors.New("--data and --memory exclude each other")
	case f.embedderModel != "" && f.embedder == "":
		return o, errors.New("--embedder-model needs --embedder, the address of the service that has the model")
	case f.maxCollections < 1:
		return o, errors.New("--max-collections must be at least 1")
	case f.pageSize < 1:
		return o, errors.New("--page-size must be at least 1")
	}
	if err := checkListen(f); err != nil {
		return o, err
	}
	if f.requestLog {
		o.Log = slog.New(slog.NewTextHandler(a.stderr, nil))
	}
	for _, text := range f.fail {
		fault, err := localastra.ParseFault(text)
		if err != nil {
			return o, fmt.Errorf("--fail: %w", err)
		}
		o.Faults = append(o.Faults, fault)
	}
	if f.embedder == "" {
		return o, o.Check()
	}
	var err error
	o.Embed, err = localastra.NewEmbedder(localastra.EmbedderOptions{
		URL: f.embedder, Model: f.embedderModel, Key: a.getenv(embedderKeyVariable),
	})
	return o, errors.Join(err, o.Check())
}

// checkListen refuses an address before anything listens there: without a token, one
// that other machines can reach would show the data to all.
func checkListen(f localFlags) error {
	address, err := net.ResolveTCPAddr("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w; give an address and a port, such as %s", f.listen, err, defaultListen)
	}
	if f.token == "" && !address.IP.IsLoopback() {
		return fmt.Errorf("--listen %s can be reached from other machines: it needs --token, --token-file or the variable %s", f.listen, tokenVariable)
	}
	return nil
}

func (a *app) printLocal(url, token string, f localFlags) {
	where := "data in " + f.data
	if f.memory {
		where = "data in memory"
	}
	a.answers().print(`Data API on %[1]s, %[2]s. Look at it on %[1]s/. Stop it with Ctrl-C.

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
`, url, where, token, localastra.DefaultKeyspace)
}
