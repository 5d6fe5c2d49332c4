package connector_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
	"destination-astra/internal/fault"
)

// TestKeptRecordsInPlanAndVerify: what is stored of a record that is rejected goes on into the
// generation that replaces it. A plan counts it, and a verify does not take it for a leftover.
func TestKeptRecordsInPlanAndVerify(t *testing.T) {
	noText := record("s", `{"id":2,"title":"no text"}`)
	tests := map[string]struct {
		lines    []string
		rejected int64
	}{
		"rejected":                       {[]string{row("s", 1, "one"), noText}, 1},
		"after a version that is stored": {[]string{row("s", 2, "two new"), noText}, 1},
		"before a version that is":       {[]string{noText, row("s", 2, "two new")}, 1},
		"twice":                          {[]string{noText, noText}, 2},
		"and nothing was there":          {[]string{record("s", `{"id":3,"title":"no text"}`)}, 1},
		"after its deletion":             {[]string{deleted("s", 2), noText}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 10}
				w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"), numbered(1, 0, 1))},
					lines: []string{row("s", 1, "one"), row("s", 2, "two old"), row("s", 9, "gone")}})
				s := stream("s", toDedup, key("id"), numbered(2, 2, 2), fullRefresh(true))
				lines := append(test.lines, complete("s"))
				p := w.plan(lines, connector.PlanOptions{}, s)
				require.EqualValues(w.t, test.rejected, p.Total.Rejected)
				require.EqualValues(w.t, len(test.lines), p.Total.Records)
				r := w.sync(attempt{streams: []configured{s}, lines: lines})
				require.EqualValues(w.t, r.sent["updateMany"].Documents, p.Total.DocumentsToRaise)
				require.EqualValues(w.t, r.inserted(), p.Total.ChunksToWrite)
				v := w.verify(lines, connector.VerifyOptions{}, s)
				require.Zero(w.t, v.Differences, "%+v", v.Streams[0].Findings)
				require.EqualValues(w.t, test.rejected, v.Streams[0].Rejected)
				require.EqualValues(w.t, len(test.lines), v.Streams[0].Records)
			})
		})
	}
}

// TestPlanSendsWhatIsComplete: COMPLETE of a stream that is replaced closes the open batch.
func TestPlanSendsWhatIsComplete(t *testing.T) {
	onBothBackends(t, func(w *world) {
		refresh := func(name string) configured {
			return stream(name, toDedup, key("id"), numbered(2, 2, 2), fullRefresh(true))
		}
		streams := []configured{refresh("a"), refresh("b")}
		lines := append(append(rows("a", 3), complete("a")), append(rows("b", 3), complete("b"))...)
		p := w.plan(lines, connector.PlanOptions{}, streams...)
		r := w.sync(attempt{streams: streams, input: w.oneByOne(lines)})
		require.EqualValues(w.t, r.sent["insertMany"].Requests, p.Calls.InsertMany)
		require.EqualValues(w.t, 2, p.Calls.InsertMany)
	})
}

// TestCeilingInAPlan: the reason is that of the write.
func TestCeilingInAPlan(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 1}
		s := stream("s", toDedup, key("id"))
		lines := []string{record("s", `{"id":1}`), row("s", 2, "two"), record("s", `{"id":3}`), record("s", `{"id":4}`)}
		p := w.plan(lines, connector.PlanOptions{}, s)
		r, _ := w.fails(attempt{streams: []configured{s}, lines: lines})
		require.Equal(w.t, fault.Explain(r.err), p.WouldFail)
		require.Contains(w.t, p.WouldFail, "line 3 of the input")
		require.EqualValues(w.t, 3, p.Total.Rejected)
	})
}

// TestFailingReadEndsAPlan: at once, and a verify too. What else came is not read for.
func TestFailingReadEndsAPlan(t *testing.T) {
	for _, command := range []string{"plan", "verify"} {
		t.Run(command, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				s := stream("s", toDedup, key("id"), numbered(2, 2, 2), fullRefresh(true))
				lines := append(rows("s", 130), complete("s"))
				w.sync(attempt{streams: []configured{s}, lines: lines})
				failed := 0
				w.server.KeepControl("find", func(_ *http.Request, body []byte) (bool, int, []byte) {
					if !bytes.Contains(body, []byte("s_1")) {
						return false, 0, nil
					}
					failed++
					return true, http.StatusUnauthorized, []byte(`{}`)
				})
				r, err := w.open(nil), error(nil)
				from := strings.NewReader(strings.Join(lines, "\n"))
				if command == "plan" {
					_, err = r.Plan(w.t.Context(), catalog(w.t, []configured{s}), from, connector.PlanOptions{})
				} else {
					_, err = r.Verify(w.t.Context(), catalog(w.t, []configured{s}), from, connector.VerifyOptions{})
				}
				require.ErrorContains(w.t, err, command+": ")
				require.Equal(w.t, 1, failed)
				require.NoError(w.t, r.Close())
			})
		})
	}
}
