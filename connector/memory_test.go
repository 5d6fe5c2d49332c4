package connector_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMemory: a budget bounds the bytes in flight, however small it is, and
// never stops the sync.
func TestMemory(t *testing.T) {
	tests := map[string]struct {
		memory  int64
		streams int
	}{
		"less than a record needs":        {1, 1},
		"one record at a time":            {25 << 10, 1},
		"a few records":                   {100 << 10, 1},
		"many streams on one record":      {25 << 10, 20},
		"many streams on a few records":   {100 << 10, 20},
		"many streams, less than nothing": {1, 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				a := attempt{memory: test.memory, batches: 8}
				var want []string
				for i := range test.streams {
					name := fmt.Sprint("s", i)
					s := stream(name, toDedup, key("id"))
					if i%2 == 1 {
						s = stream(name, toAppend, syncID(1))
					}
					a.streams = append(a.streams, s)
				}
				for i := range 120 {
					text := fmt.Sprint(i, words(" long", i%40))
					want = append(want, text)
					a.lines = append(a.lines, row(fmt.Sprint("s", i%test.streams), i, text))
					if i%11 == 0 {
						a.lines = append(a.lines, globalState(i))
					}
				}
				require.Len(w.t, w.sync(a).states, 11)
				slices.Sort(want)
				require.Equal(w.t, want, w.texts())
			})
		})
	}
}
