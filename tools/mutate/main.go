// Mutate breaks the shipped code of a package in one place at a time and runs the package's tests that reach the
// place. It prints each break that no test notices (a survivor), and each place that no test reaches:
//
//	go -C tools run ./mutate ./document
//	go -C tools run ./mutate -sample 200 -seed 7 -files 'finalise|diff' ./connector
//	go -C tools run ./mutate -sample 50 -tests ./connector ./internal/intake ./check
//
// The last breaks packages that the tests of another one reach.
//
// The tree is never changed: go test takes the broken file in the place of the real one (-overlay). A test must fail
// within ten times what all that reach the place take, and half a minute, else it counts as one that noticed. A package
// with a test that fails already cannot be tried.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// options are the command line.
type options struct {
	root     string
	files    *regexp.Regexp
	sample   int
	seed     uint64
	budget   time.Duration
	tests    string
	packages []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func parse(args []string, messages io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.StringVar(&o.root, "root", "..", "the module's folder")
	files := flags.String("files", "", "a regular expression: break only files whose names match")
	flags.IntVar(&o.sample, "sample", 0, "how many mutants of each package to try, chosen at random; 0 is all")
	flags.Uint64Var(&o.seed, "seed", 1, "of the choice")
	flags.DurationVar(&o.budget, "budget", 20*time.Second, "how long the tests of a mutant may take, the shortest ones first")
	flags.StringVar(&o.tests, "tests", "", "the package whose tests to run, else those of each package that is broken")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.files, err = regexp.Compile(*files); err != nil {
		return o, err
	}
	if o.packages = flags.Args(); len(o.packages) == 0 {
		return o, fmt.Errorf("name a package, such as ./document")
	}
	o.root, err = filepath.Abs(o.root)
	return o, err
}

// run tries the packages one after the other.
func run(ctx context.Context, args []string, out, messages io.Writer) error {
	o, err := parse(args, messages)
	if err != nil {
		return err
	}
	if o.tests != "" {
		return tryPackages(ctx, o, o.tests, o.packages, out)
	}
	for _, name := range o.packages {
		if err := tryPackages(ctx, o, name, []string{name}, out); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// tryPackages breaks the packages and runs the tests of one.
func tryPackages(ctx context.Context, o options, tests string, broken []string, out io.Writer) error {
	work, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	p := trial{root: o.root, name: tests, work: work, budget: o.budget}
	if err := p.measure(ctx, broken); err != nil {
		return err
	}
	for _, name := range broken {
		if err := tryPackage(ctx, o, &p, name, out); err != nil {
			return err
		}
	}
	return nil
}

func tryPackage(ctx context.Context, o options, p *trial, name string, out io.Writer) error {
	mutants, err := packageMutants(filepath.Join(o.root, name), o.files)
	if err != nil {
		return err
	}
	found := len(mutants)
	if o.sample > 0 && o.sample < found {
		random := rand.New(rand.NewPCG(o.seed, 0))
		random.Shuffle(found, func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
		mutants = mutants[:o.sample]
		slices.SortFunc(mutants, mutant.compare)
	}
	counts := map[verdict]int{}
	for _, m := range mutants {
		v, err := p.try(ctx, m)
		if err != nil {
			return err
		}
		counts[v]++
		if v == survived || v == unreached {
			fmt.Fprintf(out, "%s:%d: %s: %s\n", filepath.Join(name, filepath.Base(m.file)), m.at.line, v, m.what)
		}
	}
	fmt.Fprintf(out, "%s: %d of %d mutants tried: %d killed, %d survived, %d unreached, %d do not compile\n",
		name, len(mutants), found, counts[killed], counts[survived], counts[unreached], counts[invalid])
	return nil
}
