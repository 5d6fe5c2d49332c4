package connector_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// TestMemoryBehindASlowRecord: what waits for a record that takes long to store is
// bounded by bytes, whatever it is.
func TestMemoryBehindASlowRecord(t *testing.T) {
	const memory, lines, padding = 512 << 10, 30, 100_000
	pad := strings.Repeat("x", padding)
	tests := map[string]struct {
		line   func(i int) string
		states int
	}{
		"states of all streams": {
			func(i int) string { return padded(globalState(i), pad) }, lines,
		},
		"states of one stream": {
			func(i int) string { return padded(streamState("s", i), pad) }, lines,
		},
		"records": {
			func(i int) string { return record("s", fmt.Sprintf(`{"id":%d,"text":"t","k":%q}`, i, pad)) }, 0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				input := &countedReader{}
				var all strings.Builder
				fmt.Fprintln(&all, row("s", -1, "the slow one"))
				for i := range lines {
					fmt.Fprintln(&all, test.line(i))
				}
				input.reader = strings.NewReader(all.String())
				gate := &gate{next: w.server.Transport(), open: make(chan struct{})}
				var group errgroup.Group
				var r result
				group.Go(func() error {
					r = w.sync(attempt{
						streams: []configured{stream("s", toDedup, key("id"))},
						input:   input, network: gate, memory: memory,
					})
					return nil
				})
				synctest.Wait()
				// A line is read ahead of the budget, and read in pieces of 256 KB.
				require.Less(w.t, input.bytes.Load(), int64(3*memory))
				require.Positive(w.t, gate.held.Load())
				close(gate.open)
				require.NoError(w.t, group.Wait())
				require.Len(w.t, r.states, test.states)
			})
		})
	}
}

// padded makes a state long.
func padded(line, pad string) string {
	before, after, _ := strings.Cut(line, `{"n":`)
	number, rest, _ := strings.Cut(after, "}")
	return before + `{"n":` + number + `,"pad":"` + pad + `"}` + rest
}

// gate holds back inserts until it is opened.
type gate struct {
	next http.RoundTripper
	open chan struct{}
	held atomic.Int64
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	if strings.HasPrefix(string(body), `{"insertMany"`) {
		g.held.Add(1)
		select {
		case <-g.open:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return g.next.RoundTrip(r)
}

// countedReader counts what was read of it.
type countedReader struct {
	reader io.Reader
	bytes  atomic.Int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

// TestMemoryOfDoubtedStates: states that only more input sets free never keep the
// reader from it.
func TestMemoryOfDoubtedStates(t *testing.T) {
	onBothBackends(t, func(w *world) {
		r := w.sync(attempt{
			streams: []configured{stream("s", toDedup, key("id"))}, memory: 1,
			lines: []string{row("t", 1, "a"), globalState(1), globalState(2), row("s", 1, "b"), globalState(3)},
		})
		require.Equal(w.t, []int{1, 2, 3}, r.numbers())
	})
}
