package connector_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/internal/embedtest"
	"destination-astra/internal/failure"
	"destination-astra/localastra"
	"destination-astra/protocol"
)

// breaksOff is a control: the first request is carried out late, and every one after it refused,
// so that the attempt ends with a write in flight.
func (l *late) breaksOff() localastra.ControlFunc {
	sent := 0
	return func(r *http.Request, body []byte) (bool, int, []byte) {
		if r.Header.Get(lateHeader) != "" {
			return false, 0, nil
		}
		if sent++; sent == 1 {
			return l.apply(r, body)
		}
		return true, http.StatusUnauthorized, nil
	}
}

// TestSecondAttemptStartsAtOnce: what the first attempt had in flight is applied while the
// second one runs, and must not undo what that one has done.
func TestSecondAttemptStartsAtOnce(t *testing.T) {
	dedup := stream("s", toDedup, key("id"), syncID(1))
	refresh := func(generation int64) configured {
		return stream("s", toAppend, numbered(generation, generation, generation), fullRefresh(false))
	}
	tests := map[string]struct {
		command              string // that is late
		before, stream       configured
		there, first, second []string
		want                 []string
	}{
		"a raise": {"updateMany", refresh(4), refresh(5),
			[]string{row("s", 1, "a"), row("s", 2, "b"), complete("s")},
			[]string{row("s", 1, "a"), row("s", 2, "b"), complete("s")},
			[]string{row("s", 1, "a"), row("s", 2, "b"), row("s", 3, "c"), complete("s")}, []string{"a", "b", "c"}},
		"a delete": {"deleteMany", dedup, dedup,
			[]string{row("s", 1, "a")}, []string{row("s", 1, "b")}, []string{row("s", 1, "a")}, []string{"a"}},
		"an insert of an older version": {"insertMany", dedup, dedup,
			[]string{row("s", 1, "a")}, []string{row("s", 1, "b")}, []string{row("s", 1, "c")}, []string{"c"}},
		"an insert of what is deleted": {"insertMany", dedup, dedup,
			[]string{row("s", 1, "a")}, []string{row("s", 1, "b")}, []string{deleted("s", 1)}, []string{}},
		"an insert of the same": {"insertMany", refresh(4), refresh(5),
			[]string{row("s", 9, "old"), complete("s")}, []string{row("s", 1, "a")},
			[]string{row("s", 1, "a"), row("s", 2, "b"), complete("s")}, []string{"a", "b"}},
		"an insert of what the source no longer has": {"insertMany", refresh(4), refresh(5),
			[]string{row("s", 9, "old"), complete("s")}, []string{row("s", 1, "gone")},
			[]string{row("s", 2, "b"), complete("s")}, []string{"b"}},
		"a delete of what was replaced": {"deleteMany", refresh(4), refresh(5),
			[]string{row("s", 9, "old"), complete("s")}, []string{row("s", 1, "a"), complete("s")},
			[]string{row("s", 9, "old"), complete("s")}, []string{"old"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{test.before}, lines: test.there})
				late := w.late()
				stop := w.server.KeepControl(test.command, late.breaksOff())
				r := w.write(w.t.Context(), attempt{streams: []configured{test.stream}, lines: test.first})
				require.Error(w.t, r.err)
				stop()
				w.sync(attempt{streams: []configured{test.stream}, lines: append(test.second, streamState("s", 1))})
				late.wait()
				require.Equal(w.t, test.want, w.texts())
			})
		})
	}
}

// TestFenceWaitsOnlyWhereItMust: after an attempt that ended as it should, or that failed with
// nothing in flight, the next one begins at once; after one that may have a write in flight it
// waits for as long as that may still be applied.
func TestFenceWaitsOnlyWhereItMust(t *testing.T) {
	tests := map[string]struct {
		lines   []string
		control func(w *world) localastra.ControlFunc // of insertMany
		waits   bool
	}{
		"it ended well":              {[]string{row("s", 1, "a")}, nil, false},
		"its input was broken":       {[]string{row("s", 1, "a"), broken}, nil, false},
		"the server refused a write": {[]string{row("s", 1, "a")}, func(*world) localastra.ControlFunc { return refuse(http.StatusUnauthorized) }, false},
		"a long record was not embedded": {[]string{row("s", 1, words("w", 900))}, func(w *world) localastra.ControlFunc {
			w.embedder.Fail(embedtest.Status(http.StatusUnauthorized, "", "no"))
			return w.late().breaksOff() // which does not come to it
		}, false},
		"a write was never answered": {[]string{row("s", 1, "a")}, func(w *world) localastra.ControlFunc { return w.late().breaksOff() }, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				s := []configured{stream("s", toDedup, key("id"), syncID(1))}
				w.sync(attempt{streams: s, lines: []string{row("s", 9, "there")}})
				if test.control != nil {
					defer w.server.KeepControl("insertMany", test.control(w))()
				}
				w.write(w.t.Context(), attempt{streams: s, lines: test.lines})
				require.Equal(w.t, test.waits, len(w.marks()) > 0)
				started := time.Now()
				r := w.sync(attempt{streams: s})
				require.Equal(w.t, test.waits, time.Since(started) >= 25*time.Second)
				require.Equal(w.t, test.waits, r.warned("did not end as it should"), r.logs)
				require.Empty(w.t, w.marks(), "a sync that ended well leaves nothing behind")
			})
		})
	}
}

// marks are the documents of syncs that run, or ended in the middle.
func (w *world) marks() []string {
	reply := w.command(`{"find":{"filter":{},"projection":{"_id":1,"_ab_sync_stream":1}}}`)
	var names []string
	for _, part := range strings.Split(string(reply["data"]), "{") {
		if strings.Contains(part, "_ab_sync:") {
			names = append(names, part)
		}
	}
	return names
}

// TestTwoAttemptsAtATime: an attempt still runs when the next one begins. The older one stops
// before it writes again, and what the newer one has acknowledged is there.
func TestTwoAttemptsAtATime(t *testing.T) {
	for mode, s := range replacing(5, fullRefresh(false)) {
		t.Run(mode, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.flush_interval_seconds"] = 1
				streams := []configured{s}
				older := &source{world: w}
				older.say(row("s", 1, "a"))
				older.say(row("s", 2, "zombie"))
				older.steps = append(older.steps, func() { w.wait(2 * time.Minute) })
				older.say(row("s", 1, "zombie"))
				older.say(streamState("s", 1))
				older.say(complete("s"))
				var group errgroup.Group
				var first, second result
				group.Go(func() error { first = w.write(w.t.Context(), attempt{streams: streams, input: older}); return nil })
				w.wait(10 * time.Second)
				second = w.sync(attempt{streams: streams,
					lines: []string{row("s", 1, "a"), row("s", 3, "c"), streamState("s", 2), complete("s")}})
				require.NoError(w.t, group.Wait())
				require.Equal(w.t, []int{2}, second.numbers())
				require.Equal(w.t, []string{"a", "c"}, w.texts())
				require.Empty(w.t, first.numbers())
				require.ErrorContains(w.t, first.err, "another sync of the stream has begun")
				require.Equal(w.t, protocol.TransientError, w.trace(first).FailureType)
				require.Empty(w.t, w.marks())
			})
		})
	}
}

// TestTwoSyncsBeginTogether: at least one of them goes on, and the collection is as such a one left it.
func TestTwoSyncsBeginTogether(t *testing.T) {
	onBothBackends(t, func(w *world) {
		s := []configured{stream("s", toDedup, key("id"), syncID(1)), stream("t", toDedup, key("id"), syncID(1))}
		w.sync(attempt{streams: s, lines: []string{row("s", 9, "there")}})
		var group errgroup.Group
		results := make([]result, 3)
		for i := range results {
			group.Go(func() error {
				results[i] = w.write(w.t.Context(), attempt{streams: s,
					lines: []string{row("s", 1, fmt.Sprint("by ", i)), row("t", 1, fmt.Sprint("by ", i)), streamState("s", i)}})
				return nil
			})
		}
		require.NoError(w.t, group.Wait())
		w.wait(time.Minute)
		texts := w.texts()
		well := []string{"there"}
		for i, r := range results {
			if r.err == nil {
				well = append(well, fmt.Sprint("by ", i))
			}
		}
		require.Greater(w.t, len(well), 1, "one of them goes on")
		require.Subset(w.t, well, texts, "what is there is by one that ended well")
		require.Len(w.t, texts, 3, "one version of each key")
	})
}

// TestStaleJobFindsOutFirst: nothing of a job that a newer one has overtaken is stored.
func TestStaleJobFindsOutFirst(t *testing.T) {
	for mode := range replacing(1) {
		for _, running := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, the newer one still runs: %t", mode, running), func(t *testing.T) {
				onBothBackends(t, func(w *world) {
					newer := attempt{streams: []configured{replacing(6)[mode]}, lines: []string{row("s", 1, "a"), row("s", 2, "b")}}
					if running { // it has not stored anything yet
						in := &source{world: w}
						in.steps = append(in.steps, func() { w.wait(time.Minute) })
						newer.lines, newer.input = nil, in
					}
					var group errgroup.Group
					group.Go(func() error { w.sync(newer); return nil })
					w.wait(30 * time.Second)
					before := w.texts()
					r, trace := w.fails(attempt{streams: []configured{replacing(5)[mode]},
						lines: []string{row("s", 1, "stale"), row("s", 30, "stale"), streamState("s", 1), complete("s")}})
					require.Equal(w.t, protocol.TransientError, trace.FailureType)
					require.Contains(w.t, trace.Message, "newer than this sync's 5")
					require.Equal(w.t, running, strings.Contains(trace.Message, `the _id "_ab_sync:`), trace.Message)
					require.Zero(w.t, r.inserted())
					require.Zero(w.t, r.texts)
					require.Equal(w.t, before, w.texts())
					require.NoError(w.t, group.Wait())
				})
			})
		}
	}
}

// TestPartOfARejectedRecord: an attempt ends between the insert of a record, of which the server
// refuses one chunk, and the removal of the others. The next one removes them, and nothing else.
func TestPartOfARejectedRecord(t *testing.T) {
	tests := map[string]struct {
		stream configured
		there  []string
		want   []string
	}{
		"append":               {stream("s", toAppend, syncID(2)), nil, []string{"b"}},
		"dedup, new":           {stream("s", toDedup, key("id"), syncID(2)), nil, []string{"b"}},
		"dedup, shares chunks": {stream("s", toDedup, key("id"), syncID(2)), []string{row("s", 1, "fine one\n\nfine two")}, []string{"b", "fine", "fine two", "one"}},
		"dedup, other version": {stream("s", toDedup, key("id"), syncID(2)), []string{row("s", 1, "old")}, []string{"b", "old"}},
		"dedup, without key":   {stream("s", toDedup, key("none"), syncID(2)), nil, []string{"b"}},
		"refresh":              {stream("s", toAppend, numbered(5, 5, 5)), nil, []string{"b"}},
		"refresh and dedup":    {stream("s", toDedup, key("id"), numbered(5, 5, 5), fullRefresh(false)), nil, []string{"b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 4
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 10}
				s := []configured{test.stream}
				w.sync(attempt{streams: s, lines: test.there})
				w.server.KeepControl("insertMany", w.refuseTexts("poison"))
				lines := []string{row("s", 1, poisoned), row("s", 2, "b"), streamState("s", 1)}
				for range 2 { // a second one that does not get far changes nothing
					stop := w.server.KeepControl("deleteMany", refuse(http.StatusUnauthorized))
					r := w.write(w.t.Context(), attempt{streams: s, lines: lines})
					require.Error(w.t, r.err)
					stop()
				}
				r := w.sync(attempt{streams: s, lines: append(lines, complete("s"))})
				require.EqualValues(w.t, 1, r.Rejected)
				require.Equal(w.t, test.want, w.texts())
			})
		})
	}
}

// TestPartsAreKnownPastAnAttemptThatWroteNothing: between the attempt that left a record in part
// and the one that removes the parts, one ends before it has come to any record.
func TestPartsAreKnownPastAnAttemptThatWroteNothing(t *testing.T) {
	tests := map[string]func(w *world, a attempt) result{
		"its input is broken": func(w *world, a attempt) result {
			a.lines = []string{broken}
			return w.write(w.t.Context(), a)
		},
		"it is interrupted": func(w *world, a attempt) result {
			ctx, cancel := context.WithCancel(w.t.Context())
			defer cancel()
			a.lines, a.input = nil, &source{world: w, steps: []func(){cancel, func() { w.wait(time.Minute) }}}
			return w.write(ctx, a)
		},
		"its look at the streams is refused": func(w *world, a attempt) result {
			defer w.server.KeepControl("find", func(_ *http.Request, body []byte) (bool, int, []byte) {
				return bytes.Contains(body, []byte(`"_ab_stream":"s"`)), http.StatusUnauthorized, nil
			})()
			return w.write(w.t.Context(), a)
		},
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 4
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 10}
				a := attempt{
					streams: []configured{stream("s", toDedup, key("id"), syncID(2))},
					lines:   []string{row("s", 1, poisoned), streamState("s", 1)},
				}
				w.server.KeepControl("insertMany", w.refuseTexts("poison"))
				stop := w.server.KeepControl("deleteMany", refuse(http.StatusUnauthorized))
				require.Error(w.t, w.write(w.t.Context(), a).err)
				stop()
				require.NotEmpty(w.t, w.texts(), "a part is there")
				require.Error(w.t, end(w, a).err)
				a.lines = append(a.lines, complete("s"))
				require.EqualValues(w.t, 1, w.sync(a).Rejected)
				require.Empty(w.t, w.texts())
				require.Empty(w.t, w.marks())
			})
		})
	}
}

// TestNoWriteIsRepeatedPastATakeOver: the repeats of a call, which may go on for minutes, ask
// the fence too.
func TestNoWriteIsRepeatedPastATakeOver(t *testing.T) {
	onBothBackends(t, func(w *world) {
		s := []configured{stream("s", toDedup, key("id"), syncID(1))}
		w.sync(attempt{streams: s, lines: []string{row("s", 1, "a")}})
		var busy atomic.Bool
		stop := w.server.KeepControl("insertMany", func(_ *http.Request, body []byte) (bool, int, []byte) {
			if bytes.Contains(body, []byte("zombie")) {
				busy.Store(true)
				return true, http.StatusServiceUnavailable, nil
			}
			return false, 0, nil
		})
		var group errgroup.Group
		var first result
		group.Go(func() error {
			first = w.write(w.t.Context(), attempt{streams: s, lines: []string{row("s", 1, "zombie"), streamState("s", 1)}})
			return nil
		})
		w.wait(10 * time.Second)
		require.True(w.t, busy.Load())
		w.sync(attempt{streams: s, lines: []string{row("s", 1, "b"), streamState("s", 2)}})
		stop()
		require.NoError(w.t, group.Wait())
		require.ErrorContains(w.t, first.err, "another sync of the stream has begun")
		require.Equal(w.t, []string{"b"}, w.texts())
	})
}

// TestInterruptedWhileTheServerIsDown: taking the marks away does not outlast the grace.
func TestInterruptedWhileTheServerIsDown(t *testing.T) {
	onBothBackends(t, func(w *world) {
		s := []configured{stream("s", toDedup, key("id"), syncID(1))}
		w.sync(attempt{streams: s, lines: []string{row("s", 9, "there")}})
		ctx, cancel := context.WithCancel(w.t.Context())
		defer cancel()
		down := func(*http.Request, []byte) (bool, int, []byte) { return true, 0, nil }
		in := &source{world: w}
		in.say(row("s", 1, "a"))
		in.steps = append(in.steps, func() {
			w.server.KeepControl("", down)
			w.wait(20 * time.Second)
			cancel()
		})
		in.say(row("s", 2, "b"))
		interrupted := make(chan time.Time, 1)
		context.AfterFunc(ctx, func() { interrupted <- time.Now() })
		r := w.write(ctx, attempt{streams: s, input: in})
		ended := time.Now()
		require.ErrorIs(w.t, r.err, failure.ErrInterrupted)
		require.LessOrEqual(w.t, ended.Sub(<-interrupted), 9500*time.Millisecond)
	})
}

// TestMarksThatStay do no harm to the sync that is done, and it says what they cost the next one.
func TestMarksThatStay(t *testing.T) {
	const words = "INFO the marks of this sync stay in the collection"
	onBothBackends(t, func(w *world) {
		a := attempt{streams: []configured{stream("s", toDedup, key("id"))}, lines: []string{row("s", 1, "a"), streamState("s", 1)}}
		require.Empty(w.t, w.sync(a).lines(words))
		w.server.KeepControl("deleteOne", refusal(http.StatusOK, "REQUEST", "FILTER", "ANY", "no"))
		r := w.sync(a)
		require.Len(w.t, r.lines(words), 1)
		require.Len(w.t, r.states, 1)
	})
}
