package connector_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
)

// TestPlanTellsThatTheOrderMoved: without text_fields the text is in the order of the
// input, so another order is another text, which is worth a word before it is paid for.
func TestPlanTellsThatTheOrderMoved(t *testing.T) {
	tests := map[string]struct {
		fields      []string // processing.text_fields
		again       string
		moved       int
		chunksAgain int64
	}{
		"another order":           {nil, `{"n":1,"o":{"b":2,"a":1},"text":"t %[1]d","id":%[1]d}`, 6, 6},
		"another order within":    {nil, `{"id":%[1]d,"text":"t %[1]d","o":{"a":1,"b":2},"n":1}`, 6, 6},
		"the same":                {nil, `{"id":%[1]d,"text":"t %[1]d","o":{"b":2,"a":1},"n":1}`, 0, 0},
		"another text, too":       {nil, `{"n":2,"o":{"b":2,"a":1},"text":"t %[1]d","id":%[1]d}`, 0, 6},
		"named fields":            {[]string{"text", "n"}, `{"n":1,"o":{"b":2,"a":1},"text":"t %[1]d","id":%[1]d}`, 0, 0},
		"named fields, new order": {[]string{"text", "n"}, `{"n":1,"o":{"a":1,"b":2},"text":"t %[1]d","id":%[1]d}`, 0, 0},
	}
	for name, test := range tests {
		for mode, s := range map[string]configured{
			"dedup": stream("s", toDedup, key("id")), "replacing": stream("s", toAppend, numbered(2, 2, 2)),
		} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				onBothBackends(t, func(w *world) {
					w.edits["processing.metadata_fields"] = []string{}
					w.edits["processing.text_fields"] = append([]string{}, test.fields...)
					lines := func(form string) (all []string) {
						for i := range 6 {
							all = append(all, record("s", fmt.Sprintf(form, i)))
						}
						return append(all, complete("s"))
					}
					before := s
					if mode == "replacing" {
						before = stream("s", toAppend, numbered(1, 1, 1))
					}
					w.sync(attempt{streams: []configured{before}, jobID: "1",
						lines: lines(`{"id":%[1]d,"text":"t %[1]d","o":{"b":2,"a":1},"n":1}`)})
					p := w.plan(lines(test.again), connector.PlanOptions{}, s)
					require.Equal(w.t, test.moved, p.Streams[0].Reordered)
					require.Equal(w.t, test.chunksAgain, p.Total.ChunksToEmbed)
					require.Empty(w.t, p.WouldFail)
				})
			})
		}
	}
}
