package document_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
)

// TestSetsOfAPattern, as Python's fnmatch takes them: a "]" that comes first belongs to the set, and a "[" that
// nothing closes stands for itself.
func TestSetsOfAPattern(t *testing.T) {
	tests := map[string]struct{ matches, others []string }{
		"[]a]":  {[]string{"]", "a"}, []string{"[", "b", "a]"}},
		"[!]a]": {[]string{"b", "["}, []string{"]", "a"}},
		"[]":    {[]string{"[]"}, []string{"[", "]"}},
		"[!]":   {[]string{"[!]"}, []string{"!", "a"}},
		"[a":    {[]string{"[a"}, []string{"a"}},
		"[b-d]": {[]string{"b", "c", "d"}, []string{"a", "e", "-"}},
		"x[-b]": {[]string{"x-", "xb"}, []string{"xa", "x"}},
	}
	for pattern, test := range tests {
		t.Run(pattern, func(t *testing.T) {
			builder := newBuilder(t, document.Options{TextFields: []string{pattern}, MetadataFields: []string{"none"}})
			text := func(name string) error {
				record, err := json.Marshal(map[string]string{name: "v"})
				require.NoError(t, err)
				_, err = builder.Build(appending("s"), data(string(record)))
				return err
			}
			for _, name := range test.matches {
				require.NoError(t, text(name), name)
			}
			for _, name := range test.others {
				require.ErrorContains(t, text(name), "no text", name)
			}
		})
	}
}
