package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"destination-astra/internal/failure"
	"destination-astra/internal/fault"
	"destination-astra/protocol"
)

// Exit codes. A check that answers FAILED has done its work: ExitDone.
const (
	ExitDone        = 0
	ExitFailed      = 1   // with a TRACE message, or for people's commands a line on stderr
	ExitUsage       = 2   // wrong command line
	ExitInterrupted = 130 // SIGINT; what was stored by then is acknowledged
	ExitTerminated  = 143 // SIGTERM, or SIGHUP; the same
)

// app is one run of the program.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	writer         *protocol.Writer
	secrets        *secrets
}

// Run carries out one command line (without the program's name) and returns
// the exit code. When ctx ends, a write stores and acknowledges what it holds
// and Run returns [ExitInterrupted].
func Run(
	ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string,
) int {
	limitMemory(getenv, cgroupV2Limit, cgroupV1Limit)
	out, freeOut := newOutput(ctx, stdout)
	defer freeOut()
	messages, freeMessages := newOutput(ctx, stderr)
	defer freeMessages()
	hidden := &secrets{}
	a := &app{stdin: stdin, stdout: out, stderr: hiding{messages, hidden}, getenv: getenv,
		writer: protocol.NewWriter(out), secrets: hidden}
	a.writer.Hide(hidden.json)
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(a.stderr)
	code := a.exitCode(ctx, root.ExecuteContext(ctx))
	if err := out.failed(); code == ExitDone && err != nil {
		a.complain(fmt.Errorf("stdout: %w", err))
		return ExitFailed
	}
	return code
}

// answers prints for people on stdout, messages on stderr.
func (a *app) answers() *printer  { return &printer{out: a.stdout, secrets: a.secrets} }
func (a *app) messages() *printer { return &printer{out: a.stderr, secrets: a.secrets} }

// complain prints an error on stderr.
func (a *app) complain(err error) { a.messages().line("destination-astra: %s", err) }

// usageError is a wrong command line.
type usageError struct{ error }

// peopleError is an error of a command for people: it goes to stderr.
type peopleError struct{ error }

func (e peopleError) Unwrap() error { return e.error }

// exitCode reports an error where its reader looks for it. A command that cannot
// speak protocol, because its command line is wrong or stdout is gone, says so
// on stderr.
func (a *app) exitCode(ctx context.Context, err error) int {
	var usage usageError
	var people peopleError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &usage):
		a.complain(usage.error)
		a.messages().line("Run 'destination-astra --help' for the commands and their flags.")
		return ExitUsage
	case errors.As(err, &people):
		if ctx.Err() != nil {
			return ExitInterrupted
		}
		a.complain(errors.New(fault.Explain(people.error)))
		return ExitFailed
	}
	if traceErr := a.writer.TraceError(fault.Classify(err)); traceErr != nil {
		a.complain(traceErr)
		if ctx.Err() != nil {
			return ExitInterrupted
		}
		return ExitFailed
	}
	if errors.Is(err, failure.ErrInterrupted) || ctx.Err() != nil {
		return ExitInterrupted
	}
	return ExitFailed
}

const longHelp = `destination-astra writes Airbyte records as searchable vectors into Astra DB collections.

The commands spec, check, discover, read and write speak the Airbyte protocol: stdout carries protocol
messages only, write takes messages on stdin. The other commands are for people.

Environment:
  LOG_LEVEL               fatal, error, warn, info (default), debug or trace
  WORKER_JOB_ID           set by the Airbyte platform: the number of the job
  HTTPS_PROXY, NO_PROXY   proxy for the Data API and the embedding service
  GOMEMLIMIT              memory limit; by default nine tenths of the container's`

// exitCodes ends the help of every command.
const exitCodes = `
Exit codes:
  0    done (also a check that answers FAILED, and a local that was stopped)
  1    failed; check, discover, read, spec and write say why in a TRACE message, the last line on stdout,
       or on stderr when stdout takes nothing any more; the other commands say it on stderr
  2    wrong command line, which stderr explains
  130  stopped by SIGINT, 143 by SIGTERM or SIGHUP; what is acknowledged is stored
`

// root builds the command tree. Protocol flags belong to the root, so that they
// may stand before or after the command.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "destination-astra",
		Short:         "Airbyte destination for Astra DB collections",
		Long:          longHelp,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q", args[0])}
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return usageError{errors.New("a command is missing")} },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpTemplate(root.HelpTemplate() + exitCodes)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	var f files
	root.PersistentFlags().StringVar(&f.config, "config", "", "configuration `file` (JSON)")
	root.PersistentFlags().StringVar(&f.catalog, "catalog", "", "configured catalog `file` (JSON)")
	root.PersistentFlags().StringVar(&f.state, "state", "", "state `file` (JSON) to resume a read from")
	root.AddCommand(
		a.specCommand(), a.checkCommand(&f), a.discoverCommand(&f), a.readCommand(&f), a.writeCommand(&f),
		a.searchCommand(&f), a.planCommand(&f), a.verifyCommand(&f),
		a.localCommand(), a.demoCommand(), a.versionCommand(),
	)
	return root
}

// noArgs refuses stray words, as a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no argument %q", cmd.Name(), args[0])}
	}
	return nil
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := a.answers()
			p.line("%s", version())
			return p.err
		},
	}
}

// version is the module's version where the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return defaultVersion
	}
	return info.Main.Version
}

// defaultVersion is that of metadata.yaml, for builds outside a tagged module.
const defaultVersion = "0.2.0"

// missing is a command line without a flag that the command needs.
func missing(flag string) error { return usageError{fmt.Errorf("--%s is missing", flag)} }
