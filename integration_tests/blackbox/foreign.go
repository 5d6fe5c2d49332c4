package blackbox

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/effort"
)

// installTime is for one throw-away environment from a package registry.
const installTime = 2 * time.Minute

// Tool is the path of a program that the clients of others need. The test skips, and says
// why, without it, and below TEST_EFFORT=high: such clients come from registries.
func Tool(t *testing.T, name string) string {
	t.Helper()
	if !effort.Of(t, false, false, true) {
		t.Skip("foreign clients are installed from registries: only with TEST_EFFORT=high")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// Python makes a virtual environment of what pip is told to install, and returns its
// interpreter.
func Python(t *testing.T, install ...string) string {
	t.Helper()
	python := Tool(t, "python3")
	dir := filepath.Join(t.TempDir(), "venv")
	InstallOrSkip(t, "", python, "-m", "venv", dir)
	inside := filepath.Join(dir, "bin", "python")
	args := append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, install...)
	InstallOrSkip(t, "", inside, args...)
	return inside
}

// Node installs packages beside a copy of the scripts of a folder, where node looks for
// them, and returns node and the folder of the copy.
func Node(t *testing.T, scripts string, packages ...string) (node, dir string) {
	t.Helper()
	node, npm := Tool(t, "node"), Tool(t, "npm")
	dir = t.TempDir()
	args := append([]string{"install", "--silent", "--no-audit", "--no-fund", "--prefix", dir}, packages...)
	InstallOrSkip(t, dir, npm, args...)
	require.NoError(t, os.CopyFS(dir, os.DirFS(scripts)))
	return node, dir
}

// InstallOrSkip runs an installer in dir. Without a registry there is nothing to test with.
func InstallOrSkip(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), effort.Patience(installTime))
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		t.Skipf("no throw-away environment (is the package registry out of reach?): %s %v: %v\n%s",
			program, args, err, out)
	}
	require.NoError(t, err)
}
