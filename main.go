// destination-astra is an Airbyte destination for Astra DB collections; see
// package internal/cli for its commands.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"destination-astra/internal/cli"
)

func main() {
	// net/http quotes on stderr what a server sends unasked, and has no other place for it.
	log.SetOutput(io.Discard)
	// A closed stdout is an error like any other, not a signal that kills.
	signal.Ignore(syscall.SIGPIPE)
	ends := []os.Signal{syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it, for a program that outlives its terminal
		ends = append(ends, syscall.SIGHUP)
	}
	terminated, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	ctx, stopInterrupt := signal.NotifyContext(terminated, os.Interrupt)
	defer stopInterrupt()
	// The first signal asks to stop in order, the second one kills.
	context.AfterFunc(ctx, func() { signal.Reset(append(ends, os.Interrupt)...) })

	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	if code == cli.ExitInterrupted && terminated.Err() != nil {
		code = cli.ExitTerminated
	}
	os.Exit(code)
}
