// Fuzz runs every fuzz target of the module, one after the other, each for the same time:
//
//	go -C tools run ./fuzz                                    # all, ten minutes each
//	go -C tools run ./fuzz -time 30s -only '^chunk\.FuzzSplit$'
//	go -C tools run ./fuzz -list
//
// It goes on after a target that fails, whose input Go's tool writes below testdata/fuzz of the package, and ends with
// an exit code of 1 when there was one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// minimising bounds for how long Go looks for the shortest input that reaches a new place: its default of a minute
// would take most of the time of a target.
const minimising = 5 * time.Second

// options are the command line.
type options struct {
	root string
	time string // as go test takes it
	only *regexp.Regexp
	list bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

func parse(args []string, messages io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.StringVar(&o.root, "root", "..", "the module's folder")
	flags.StringVar(&o.time, "time", "10m", "how long for each target, or how many inputs: 1000x")
	only := flags.String("only", "", "a regular expression: run only targets that match, such as chunk.FuzzSplit")
	flags.BoolVar(&o.list, "list", false, "print the targets and run none")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, err
	}
	o.root, err = filepath.Abs(o.root)
	return o, err
}

func run(ctx context.Context, args []string, out, messages io.Writer) error {
	o, err := parse(args, messages)
	if err != nil {
		return err
	}
	all, err := targets(o.root)
	if err != nil {
		return err
	}
	tried := 0
	var failed []string
	for _, t := range all {
		if !o.only.MatchString(t.String()) || ctx.Err() != nil {
			continue
		}
		tried++
		if o.list {
			fmt.Fprintln(out, t)
		} else if err := t.run(ctx, o, out); err != nil {
			failed = append(failed, t.String())
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case tried == 0:
		return errors.New("no such target")
	case len(failed) > 0:
		return fmt.Errorf("%d of %d targets failed: %s", len(failed), tried, strings.Join(failed, ", "))
	}
	return nil
}

// run fuzzes one target and prints a line about it, and all that Go says of one that fails.
func (t target) run(ctx context.Context, o options, out io.Writer) error {
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$",
		"-fuzztime", o.time, "-fuzzminimizetime", minimising.String(), "./"+filepath.ToSlash(t.folder))
	command.Dir = o.root
	text, err := command.CombinedOutput()
	if err != nil {
		fmt.Fprintf(out, "FAIL %s: %v\n%s\n", t, err, text)
		return err
	}
	fmt.Fprintf(out, "ok   %s: %s inputs\n", t, inputs(string(text)))
	return nil
}

// inputs is how many Go says that it has tried, in its last line of progress.
func inputs(text string) string {
	all := regexp.MustCompile(`execs: (\d+)`).FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return "no"
	}
	return all[len(all)-1][1]
}
