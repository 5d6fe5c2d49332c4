package suites_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/integration_tests/blackbox"
	"destination-astra/internal/effort"
)

const (
	// leastCompared is how many comparisons the scripts below astra-db-ts make at least: one
	// that ends early must not pass.
	leastCompared = 650
	// scriptsTime is for all of them.
	scriptsTime = time.Minute
)

// compared finds the last line of the scripts.
var compared = regexp.MustCompile(`(?m)^(\d+) compared, (\d+) different$`)

// TestAstraDBTSCalls makes the calls of astra-db-ts for collections and databases. The
// package ships no tests, so these are ours.
func TestAstraDBTSCalls(t *testing.T) {
	t.Parallel()
	node, dir := blackbox.Node(t, "astra-db-ts", "@datastax/astra-db-ts@2.3.0", "bignumber.js@9.3.1", "decoders@2.12.1",
		"json-bigint@1.0.0", "safe-stable-stringify@2.5.0", "tslib@2.9.1", "uuid@11.1.1")
	ctx, cancel := context.WithTimeout(t.Context(), effort.Patience(scriptsTime))
	defer cancel()
	run := exec.CommandContext(ctx, node, filepath.Join(dir, "suite.mjs"), startServer(t), "any")
	run.Env = blackbox.CleanEnv()
	out, err := run.CombinedOutput()
	require.NoError(t, err, string(out))
	last := compared.FindStringSubmatch(string(out))
	require.NotNil(t, last, string(out))
	t.Logf("%s", last[0])
	count, err := strconv.Atoi(last[1])
	require.NoError(t, err)
	require.GreaterOrEqual(t, count, leastCompared)
	require.Equal(t, "0", last[2], string(out))
}
