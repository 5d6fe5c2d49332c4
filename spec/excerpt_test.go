package spec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/spec"
)

// TestPastedSecrets: a key in the place of a setting's name, or of another setting's value, is
// in no message.
func TestPastedSecrets(t *testing.T) {
	for _, key := range []string{
		"sk-proj-0123456789", "AstraCS:abc:def", "astracs:abc:def", "Bearer 0123", "Cassandra:Y2Fz:cGFz",
		"aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7k",
	} {
		for _, text := range []string{
			fmt.Sprintf(`{"embedding":{"mode":"fake",%q:1},"%s":2}`, key, key),
			fmt.Sprintf(`{"embedding":{"mode":%q},"indexing":{"collection":%q}}`, key, key),
			fmt.Sprintf(`{"embedding":{"mode":"openai","openai_key":"k","model":%q}}`, key),
		} {
			_, warnings, err := spec.Parse([]byte(text))
			require.Error(t, err)
			said := err.Error() + fmt.Sprint(warnings)
			require.NotContains(t, said, key[:8])
			require.Contains(t, said, "[redacted]")
		}
	}
}

// TestLongNames are cut.
func TestLongNames(t *testing.T) {
	_, warnings, _ := spec.Parse([]byte(fmt.Sprintf(`{%q:1}`, strings.Repeat("long name ", 100))))
	require.Len(t, warnings, 1)
	require.Len(t, warnings[0].Path, 64+len("..."))
}

// TestByteOrderMark is dropped.
func TestByteOrderMark(t *testing.T) {
	accept(t, append([]byte("\ufeff"), edited(t, nil)...))
}
