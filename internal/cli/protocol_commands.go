package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"destination-astra/check"
	"destination-astra/connector"
	"destination-astra/internal/clients"
	"destination-astra/internal/fault"
	"destination-astra/localastra"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// checkPatience bounds the repeats of a check: somebody waits for the answer.
const checkPatience = 20 * time.Second

// files are the paths that the protocol's flags name.
type files struct{ config, catalog, state string }

func (a *app) specCommand() *cobra.Command {
	return &cobra.Command{
		Use: "spec", Short: "Print the connector's specification", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.writer.Spec(spec.ConnectorSpecification()) },
	}
}

func (a *app) checkCommand(f *files) *cobra.Command {
	return &cobra.Command{
		Use: "check --config FILE", Short: "Test whether a write with this configuration can work; changes nothing",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.check(cmd.Context(), f) },
	}
}

// check prints exactly one answer, and it is a CONNECTION_STATUS whatever went wrong:
// the platform shows that, and nothing of a TRACE. Only a wrong command line and an
// interruption are not answered.
func (a *app) check(ctx context.Context, f *files) error {
	log := a.logger()
	notes, err := a.tryCheck(ctx, f, log)
	if err == nil {
		for _, note := range notes {
			log.Info(note)
		}
		return a.writer.ConnectionStatus(true, strings.Join(notes, " "))
	}
	var usage usageError
	if errors.As(err, &usage) || ctx.Err() != nil {
		return err
	}
	if trace := fault.Classify(err); trace.FailureType == protocol.SystemError {
		log.Error("the check failed", "error", trace.InternalMessage)
	}
	return a.writer.ConnectionStatus(false, fault.Explain(err))
}

func (a *app) tryCheck(ctx context.Context, f *files, log *slog.Logger) ([]string, error) {
	c, err := a.open(f, log, func(o *clients.Options) { o.Timing.Patience = checkPatience })
	if err != nil {
		return nil, err
	}
	notes, err := check.Run(ctx, c)
	return notes, errors.Join(err, c.Close())
}

func (a *app) writeCommand(f *files) *cobra.Command {
	return &cobra.Command{
		Use:   "write --config FILE --catalog FILE",
		Short: "Store the records on stdin; acknowledge each state once everything before it is stored",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.write(cmd.Context(), f) },
	}
}

func (a *app) write(ctx context.Context, f *files) error {
	catalog, err := readCatalog(f)
	if err != nil {
		return err
	}
	c, err := a.open(f, a.logger(), func(o *clients.Options) { o.OpenLocal = a.openLocal })
	if err != nil {
		return err
	}
	_, err = connector.New(c).Write(ctx, catalog, a.stdin)
	return errors.Join(err, c.Close())
}

// open opens what --config names.
func (a *app) open(f *files, log *slog.Logger, adjust func(*clients.Options)) (*clients.Clients, error) {
	text, err := readFile("config", f.config)
	if err != nil {
		return nil, err
	}
	config, warnings, err := spec.Parse(text)
	for _, w := range warnings {
		log.Warn("configuration", "setting", w.Path, "reason", w.Reason)
	}
	if err != nil {
		return nil, err
	}
	a.secrets.addConfig(config, a.getenv)
	o := clients.Options{
		Config: config, Writer: a.writer, Log: log, OpenLocal: a.openExisting,
		Getenv: a.getenv, Version: version(), JobID: a.getenv("WORKER_JOB_ID"), MemoryBytes: inFlightBytes(),
	}
	if adjust != nil {
		adjust(&o)
	}
	return clients.Open(o)
}

// openLocal serves a `local:DIR` endpoint in this process, for a command that writes: it
// creates the folder.
func (a *app) openLocal(dir string) (http.RoundTripper, io.Closer, error) {
	return a.serveInProcess(localastra.Options{Dir: dir})
}

// openExisting is openLocal for commands that only look: a folder that does not exist is
// an empty database to them.
func (a *app) openExisting(dir string) (http.RoundTripper, io.Closer, error) {
	return a.serveInProcess(localastra.Options{Dir: dir, KeepAbsent: true})
}

func (a *app) serveInProcess(o localastra.Options) (http.RoundTripper, io.Closer, error) {
	dir, err := inHome(o.Dir, a.getenv)
	if err != nil {
		return nil, nil, err
	}
	o.Dir = dir
	server, err := localastra.Open(o)
	if err != nil {
		return nil, nil, err
	}
	return server.Transport(), server, nil
}

// logger writes LOG messages at the level of LOG_LEVEL.
func (a *app) logger() *slog.Logger { return newLogger(a.writer, a.getenv("LOG_LEVEL")) }

// newLogger takes the level by the platform's names; what it does not know is
// info, with a WARN.
func newLogger(w *protocol.Writer, name string) *slog.Logger {
	level, known := slog.LevelInfo, true
	switch strings.ToLower(name) {
	case "fatal":
		level = protocol.LevelFatal
	case "error":
		level = slog.LevelError
	case "warn", "warning":
		level = slog.LevelWarn
	case "debug":
		level = slog.LevelDebug
	case "trace":
		level = protocol.LevelTrace
	case "", "info":
	default:
		known = false
	}
	log := slog.New(protocol.NewLogHandler(w, level))
	if !known {
		log.Warn("LOG_LEVEL is not known, so that info is taken: use fatal, error, warn, info, debug or trace",
			"LOG_LEVEL", strconv.Quote(name[:min(len(name), 20)]))
	}
	return log
}
