package connector_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/failure"
	"destination-astra/internal/fault"
)

// broken ends an input in the middle, as a source that crashes does.
const broken = `{"type":"RECORD","record":{"stream":"s","data":`

// replacing are the ways in which a numbered caller replaces a stream.
func replacing(generation int64, settings ...setting) map[string]configured {
	number := numbered(generation, generation, 7)
	with := func(more ...setting) []setting { return append(append([]setting{number}, settings...), more...) }
	return map[string]configured{
		"append":                            stream("s", toAppend, with()...),
		"append_dedup":                      stream("s", toDedup, with(key("id"))...),
		"append_dedup with a key of nobody": stream("s", toDedup, with(key("none"))...),
		"overwrite":                         stream("s", toOverwrite, with()...),
	}
}

// TestSecondAttempt: the first attempt stored "a" and "b" of the new generation;
// the second one brings "b" and "c" of it.
func TestSecondAttempt(t *testing.T) {
	tests := map[string]struct {
		resumable bool
		want      []string
	}{
		"resumable: what the first attempt stored stays":          {true, []string{"a", "b", "c"}},
		"not resumable: what the second one did not confirm goes": {false, []string{"b", "c"}},
	}
	for name, test := range tests {
		for mode, s := range replacing(3, fullRefresh(test.resumable)) {
			t.Run(name+"/"+mode, func(t *testing.T) {
				onBothBackends(t, func(w *world) {
					streams := []configured{s}
					old := stream("s", toAppend, numbered(2, 0, 1))
					w.sync(attempt{streams: []configured{old}, lines: []string{row("s", 8, "old")}})
					_, trace := w.fails(attempt{streams: streams, lines: []string{row("s", 1, "a"), row("s", 2, "b"), broken}})
					require.EqualValues(w.t, "system_error", trace.FailureType)
					require.Equal(w.t, []string{"a", "b", "old"}, w.texts())
					r := w.sync(attempt{streams: streams, lines: []string{row("s", 2, "b"), row("s", 3, "c"), complete("s")}})
					require.Equal(w.t, test.want, w.texts())
					require.Equal(w.t, 1, r.texts, "what is there is not embedded again")
					require.Equal(w.t, 1, r.inserted())
				})
			})
		}
	}
}

func TestAttemptIsStampedWhereItCounts(t *testing.T) {
	tests := map[string]struct {
		stream  configured
		stamped bool
	}{
		"replacing, not resumable":     {stream("s", toAppend, numbered(3, 3, 1), fullRefresh(false)), true},
		"replacing, resumable":         {stream("s", toAppend, numbered(3, 3, 1), fullRefresh(true)), false},
		"replacing, incremental":       {stream("s", toDedup, key("id"), numbered(3, 3, 1)), false},
		"not replacing, full refresh":  {stream("s", toAppend, numbered(3, 0, 1), fullRefresh(false)), false},
		"overwrite that nobody counts": {stream("s", toOverwrite, fullRefresh(false)), true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{test.stream}, lines: []string{row("s", 1, "a")}})
				require.Equal(w.t, test.stamped, w.documents()[0].Attempt != "")
			})
		})
	}
}

// TestSecondAttemptOfAnAppend: the source starts from zero and the sync is the
// same, so what the first attempt stored is met again.
func TestSecondAttemptOfAnAppend(t *testing.T) {
	onBothBackends(t, func(w *world) {
		streams := []configured{stream("s", toAppend, numbered(4, 0, 7), fullRefresh(false))}
		lines := []string{row("s", 1, "a"), row("s", 1, "a"), row("s", 2, "b")}
		r := w.write(w.t.Context(), attempt{streams: streams, lines: append(lines, broken)})
		require.Error(w.t, r.err)
		r = w.sync(attempt{streams: streams, lines: append(lines, row("s", 1, "a"), complete("s"))})
		require.Equal(w.t, []string{"a", "a", "a", "b"}, w.texts())
		require.Equal(w.t, 1, r.inserted())
	})
}

// TestRaise: an unchanged document only gets the new generation (and attempt).
func TestRaise(t *testing.T) {
	for mode := range replacing(1) {
		t.Run(mode, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				lines := []string{row("s", 1, "a"), row("s", 2, "b"), complete("s")}
				w.sync(attempt{streams: []configured{replacing(3, fullRefresh(false))[mode]}, lines: lines})
				before := w.documents()
				r := w.sync(attempt{streams: []configured{replacing(4, fullRefresh(false))[mode]}, lines: lines})
				require.Zero(w.t, r.texts)
				require.Zero(w.t, r.inserted())
				after := w.documents()
				stamp := after[0].Attempt
				require.NotEqual(w.t, before[0].Attempt, stamp)
				for i := range after {
					require.EqualValues(w.t, 4, *after[i].Generation)
					require.EqualValues(w.t, 3, *before[i].Generation)
					require.Equal(w.t, stamp, after[i].Attempt)
					after[i].Generation, after[i].Attempt = before[i].Generation, before[i].Attempt
				}
				require.Equal(w.t, before, after)
			})
		})
	}
}

// TestRaiseOfADeletedDocument: a document goes between the read that found it
// and the update that should raise it.
func TestRaiseOfADeletedDocument(t *testing.T) {
	for mode := range replacing(1) {
		t.Run(mode, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				lines := []string{row("s", 1, "a"), row("s", 2, "b"), complete("s")}
				w.sync(attempt{streams: []configured{replacing(3)[mode]}, lines: lines})
				id := w.documents()[0].ID
				w.server.Control("updateMany", beforehand(func() {
					w.command(`{"deleteOne":{"filter":{"_id":"` + id + `"}}}`)
				}))
				w.sync(attempt{streams: []configured{replacing(4)[mode]}, lines: lines})
				require.Equal(w.t, []string{"a", "b"}, w.texts())
				for _, d := range w.documents() {
					require.EqualValues(w.t, 4, *d.Generation)
				}
			})
		})
	}
}

func TestInterruptedWrite(t *testing.T) {
	for mode, s := range replacing(3) {
		t.Run(mode, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{s}, lines: []string{row("s", 8, "old")}})
				r := w.interrupted([]configured{replacing(4)[mode]},
					[]string{row("s", 1, "a"), streamState("s", 1), row("s", 2, "b")})
				require.ErrorIs(w.t, r.err, failure.ErrInterrupted)
				require.EqualValues(w.t, "transient_error", fault.Classify(r.err).FailureType)
				require.Equal(w.t, []int{1}, r.numbers())
				require.Equal(w.t, []string{"a", "b", "old"}, w.texts(), "what was read is stored, nothing is finalised")
			})
		})
	}
}

// TestInterruptedWriteOfABusySource: the source has more to say all the time.
// An interruption is never taken for the end of its input, which would finalise
// the stream.
func TestInterruptedWriteOfABusySource(t *testing.T) {
	onBothBackends(t, func(w *world) {
		streams := []configured{stream("s", toOverwrite, fullRefresh(false))}
		w.sync(attempt{streams: streams, lines: []string{row("s", 8, "old")}})
		// One record at a time, slowly: the source is ahead when it is interrupted.
		w.server.KeepControl("insertMany", func(*http.Request, []byte) (bool, int, []byte) {
			w.wait(time.Second)
			return false, 0, nil
		})
		for range 20 {
			w.later()
			ctx, cancel := context.WithCancel(w.t.Context())
			s := &source{world: w}
			for i := range 10 {
				if i == 5 {
					s.steps = append(s.steps, cancel)
				}
				s.say(row("s", i, "new"))
			}
			r := w.write(ctx, attempt{streams: streams, input: s, memory: 25 << 10})
			cancel()
			require.ErrorIs(w.t, r.err, failure.ErrInterrupted)
			require.Contains(w.t, w.texts(), "old")
		}
	})
}
