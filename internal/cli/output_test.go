package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/cli"
)

// TestBlockedOutput: a run whose output nobody reads ends all the same once it is stopped, and
// not before.
func TestBlockedOutput(t *testing.T) {
	for _, args := range [][]string{{"spec"}, {"version"}, {"--help"}, {"check", "--config", "missing.json"}} {
		t.Run(args[0], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nobody, out := io.Pipe()
				defer nobody.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				started := time.Now()
				var stderr bytes.Buffer

				code := cli.Run(ctx, args, nil, out, &stderr, noEnv)

				require.NotZero(t, code)
				require.Contains(t, stderr.String(), "blocked")
				require.Greater(t, time.Since(started), time.Hour)
				require.Less(t, time.Since(started), time.Hour+9*time.Second)
			})
		})
	}
}

// TestBlockedErrors: nor does stderr keep it.
func TestBlockedErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nobody, out := io.Pipe()
		defer nobody.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.Equal(t, cli.ExitUsage, cli.Run(ctx, []string{"dance"}, nil, out, out, noEnv))
	})
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestFullOutput: what could not be printed is no success, whoever prints.
func TestFullOutput(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}, {"write", "--help"}, {"version"}, {"--version"}, {"spec"}} {
		var stderr bytes.Buffer
		require.Equal(t, cli.ExitFailed, cli.Run(t.Context(), args, nil, brokenWriter{}, &stderr, noEnv), args)
		require.Contains(t, stderr.String(), "no space left", args)
	}
}
