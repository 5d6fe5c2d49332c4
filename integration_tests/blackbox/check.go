package blackbox

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// ConnectionStatus is the answer of check.
type ConnectionStatus struct{ Status, Message string }

// Check runs check and returns its one answer.
func Check(t *testing.T, config any, env ...string) ConnectionStatus {
	t.Helper()
	dir := t.TempDir()
	path := WriteFile(t, dir, "config.json", ToJSON(t, config))
	return CheckFile(t, dir, path, env...)
}

// CheckFile is check with a configuration that lies in dir.
func CheckFile(t *testing.T, dir, path string, env ...string) ConnectionStatus {
	t.Helper()
	r := RunEnv(t, dir, env, nil, "check", "--config", path)
	require.Zero(t, r.Code, r.Stdout)
	var answers []ConnectionStatus
	for _, m := range r.Messages(t) {
		require.NotEqual(t, "TRACE", m.Type, r.Stdout)
		if m.ConnectionStatus != nil {
			answers = append(answers, ConnectionStatus(*m.ConnectionStatus))
		}
	}
	require.Len(t, answers, 1)
	return answers[0]
}
