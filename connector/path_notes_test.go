package connector_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOddPaths: check says which paths cannot be what was meant, and a write warns of
// them; neither refuses them.
func TestOddPaths(t *testing.T) {
	tests := map[string]struct {
		edits map[string]any
		want  string // "" = nothing to say
	}{
		"white space":     {map[string]any{"processing.text_fields": []string{"text", " title"}}, `processing.text_fields: " title" begins or ends with`},
		"an empty name":   {map[string]any{"processing.metadata_fields": []string{"a..b"}}, `processing.metadata_fields: "a..b" has an empty name`},
		"a dot behind":    {map[string]any{"processing.exclude_fields": []string{"a."}}, `processing.exclude_fields: "a." has an empty name`},
		"JSONPath":        {map[string]any{"processing.metadata_fields": []string{"$.a"}}, `"$.a" looks like a JSONPath`},
		"JSON pointer":    {map[string]any{"processing.metadata_fields": []string{"/a"}}, `"/a" looks like a JSONPath or a JSON pointer`},
		"a dot before":    {map[string]any{"processing.metadata_fields": []string{".a"}}, ""},
		"stars":           {map[string]any{"processing.metadata_fields": []string{"a.*.b", "**"}}, ""},
		"excludes it":     {map[string]any{"processing.exclude_fields": []string{"text"}}, "leaves out every field that is to be embedded"},
		"excludes above":  {map[string]any{"processing.text_fields": []string{"a.b.c"}, "processing.exclude_fields": []string{"a.*"}}, "leaves out every"},
		"excludes a part": {map[string]any{"processing.text_fields": []string{"a", "text"}, "processing.exclude_fields": []string{"text"}}, ""},
		"excludes below":  {map[string]any{"processing.text_fields": []string{"a"}, "processing.exclude_fields": []string{"a.b"}}, ""},
		"excludes all":    {map[string]any{"processing.text_fields": []string{}, "processing.exclude_fields": []string{"*"}}, "leaves out every"},
		"excludes some":   {map[string]any{"processing.text_fields": []string{}, "processing.exclude_fields": []string{"a", "b.*"}}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits = test.edits
				notes, err := w.checked(nil)
				require.NoError(w.t, err)
				r := w.sync(attempt{streams: []configured{stream("s", toAppend)}})
				if test.want == "" {
					require.NotContains(w.t, strings.Join(notes, " "), "processing.")
					require.NotContains(w.t, strings.Join(r.logs, " "), "processing.")
					return
				}
				require.Contains(w.t, strings.Join(notes, " "), test.want)
				require.True(w.t, r.warned(test.want), r.logs)
			})
		})
	}
}
