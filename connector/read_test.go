package connector_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/internal/failure"
	"destination-astra/internal/fault"
	"destination-astra/protocol"
	"destination-astra/reading"
)

// odd is a record whose fields are hard to carry: names that are renamed or need
// escaping in a projection, values of every type, and a string too long for an index.
func odd(stream string) string {
	return record(stream, `{"id":"x","text":"body of x","a.b":1,"c&d":{"e.f":[1.50,true,null]},"_vector":[9],"_id":"own",`+
		`"$dollar":1e20,"":"empty","nested":{"$type":"t","n":-0.0},"date":"2026-01-01T00:00:00Z","long":"`+
		strings.Repeat("ä", 5000)+`","_ab_field_q":7}`)
}

// TestReadPrintsEveryDocument field by field, with all fields that discover lists.
func TestReadPrintsEveryDocument(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.chunk_size"] = 5
		w.edits["processing.metadata_fields"] = []string{}
		w.sync(attempt{
			streams: []configured{stream("s", toDedup, key("id"), numbered(3, 0, 1)), stream("other", toAppend, syncID(1))},
			lines:   append(append(rows("s", 40), odd("s"), row("s", "y", words("long", 40))), rows("other", 3)...),
		})
		found, err := reading.Discover(w.t.Context(), w.open(nil).Clients)
		require.NoError(w.t, err)
		var streams []configured
		for _, s := range found {
			streams = append(streams, configured{"stream": s, "sync_mode": "full_refresh", "destination_sync_mode": "append"})
		}
		lines, err := w.open(nil).read(w.t.Context(), "", streams...)
		require.NoError(w.t, err)

		stored := w.stored()
		require.Greater(w.t, len(stored), 100)
		require.Len(w.t, records(lines), len(stored))
		for _, got := range records(lines) {
			want := stored[string(got["_id"])]
			require.NotNil(w.t, want, got["_id"])
			delete(stored, string(got["_id"]))
			vector, err := astra.VectorFrom(want["$vector"])
			require.NoError(w.t, err)
			require.JSONEq(w.t, toText(vector), string(got["_vector"]))
			delete(want, "$vector")
			delete(got, "_vector")
			if own, has := want["_vector"]; has {
				require.Equal(w.t, string(own), string(got["_ab_field___vector"]))
				delete(want, "_vector")
				delete(got, "_ab_field___vector")
			}
			for name, value := range want {
				require.Equal(w.t, string(value), string(got[name]), name)
			}
			require.Len(w.t, got, len(want))
		}
		require.Empty(w.t, stored)
	})
}

func toText(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// TestReadSelectsFields: what the schema names, and nothing else is asked for.
func TestReadSelectsFields(t *testing.T) {
	tests := map[string]struct {
		fields []string
		want   []string
	}{
		"some":          {[]string{"text", "a.b", "absent"}, []string{"a.b", "text"}},
		"only _id":      {[]string{"_id"}, []string{"_id"}},
		"only _vector":  {[]string{"_vector"}, []string{"_vector"}},
		"own _vector":   {[]string{"_ab_field___vector"}, []string{"_ab_field___vector"}},
		"with a dollar": {[]string{"$dollar", "_ab_field__Sdollar"}, []string{"_ab_field__Sdollar"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.metadata_fields"] = []string{}
				w.sync(attempt{streams: []configured{stream("s", toAppend)}, lines: []string{odd("s")}})
				var bodies []string
				w.server.Control("find", func(_ *http.Request, body []byte) (bool, int, []byte) {
					bodies = append(bodies, string(body))
					return false, 0, nil
				})
				lines, err := w.open(nil).read(w.t.Context(), "", stream("s", toAppend, fields(test.fields...)))
				require.NoError(w.t, err)
				require.Len(w.t, records(lines), 1)
				var names []string
				for name := range records(lines)[0] {
					names = append(names, name)
				}
				require.ElementsMatch(w.t, test.want, names)
				require.NotEmpty(w.t, bodies)
				require.NotContains(w.t, bodies[0], `"*"`)
				require.Contains(w.t, bodies[0], `"projection"`)
			})
		})
	}
}

func TestReadOrder(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.sync(attempt{streams: []configured{stream("s", toAppend)}, lines: rows("s", 2100)})
		lines, err := w.open(nil).read(w.t.Context(), "", stream("s", toAppend), stream("none", toAppend))
		require.NoError(w.t, err)
		require.Equal(w.t, "STARTED ESTIMATE R RUNNING R S R S R S COMPLETE STARTED S COMPLETE", order(lines))
		estimate := lines[1].Trace.Estimate
		require.EqualValues(w.t, 2100, estimate.Rows)
		require.Greater(w.t, estimate.Bytes, estimate.Rows*50)
		counted := 0.0
		for _, p := range lines {
			if p.Type == "STATE" {
				var s struct {
					SourceStats struct{ RecordCount float64 } `json:"sourceStats"`
				}
				require.NoError(w.t, json.Unmarshal(p.State, &s))
				counted += s.SourceStats.RecordCount
			}
		}
		require.EqualValues(w.t, 2100, counted, "the states' counts add up")
	})
}

// TestReadResumes wherever it broke off: each record is printed once over both attempts.
func TestReadResumes(t *testing.T) {
	for _, stop := range []int{1, 49, 50, 51, 137, 200} {
		t.Run(fmt.Sprint(stop), func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{stream("s", toAppend), stream("t", toAppend)},
					lines: append(rows("s", 200), rows("t", 3)...)})
				streams := []configured{stream("s", toAppend), stream("t", toAppend)}
				ctx, cancel := context.WithCancel(w.t.Context())
				defer cancel()
				first, err := w.stopped(cancel, stop).read(ctx, "", streams...)
				require.ErrorIs(w.t, err, failure.ErrInterrupted)
				require.Contains(w.t, order(first), "S INCOMPLETE")
				require.Len(w.t, records(first), stop)

				second, err := w.open(nil).read(w.t.Context(), "["+lastState(first)+"]", streams...)
				require.NoError(w.t, err)
				ids := map[string]bool{}
				for _, r := range append(records(first), records(second)...) {
					require.False(w.t, ids[string(r["_id"])], "twice")
					ids[string(r["_id"])] = true
				}
				require.Len(w.t, ids, 203)
				third, err := w.open(nil).read(w.t.Context(), lastState(second[:indexOfState(second)+1]), streams[0])
				require.NoError(w.t, err)
				require.Empty(w.t, records(third), "a finished stream is finished")
				require.Equal(w.t, "STARTED S COMPLETE", order(third))
			})
		})
	}
}

func indexOfState(lines []printed) int {
	for i, p := range lines {
		if p.Type == "STATE" {
			return i
		}
	}
	return -1
}

// stopper ends a context with the n-th record.
type stopper struct {
	io.Writer
	left   int
	cancel func()
}

// Write takes one line.
func (s *stopper) Write(line []byte) (int, error) {
	if strings.HasPrefix(string(line), `{"type":"RECORD"`) {
		if s.left--; s.left == 0 {
			s.cancel()
		}
	}
	return s.Writer.Write(line)
}

// stopped opens a connector whose n-th record ends the context.
func (w *world) stopped(cancel func(), n int) *opened {
	r := &opened{w: w}
	writer := protocol.NewWriter(&stopper{Writer: &r.out, left: n, cancel: cancel})
	r.Connector = w.connectorWith(writer)
	return r
}

// TestReadResumesInAPageThatChanged: the documents after the last printed one are not
// left out, whatever became of it and of those before it.
func TestReadResumesInAPageThatChanged(t *testing.T) {
	for name, gone := range map[string][]int{"one before": {0}, "the last": {9}, "both": {0, 9}} {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{stream("s", toAppend)}, lines: rows("s", 30)})
				ctx, cancel := context.WithCancel(w.t.Context())
				defer cancel()
				first, err := w.stopped(cancel, 10).read(ctx, "", stream("s", toAppend))
				require.Error(w.t, err)
				for _, i := range gone {
					w.command(`{"deleteOne":{"filter":{"_id":` + string(records(first)[i]["_id"]) + `}}}`)
				}
				second, err := w.open(nil).read(w.t.Context(), lastState(first), stream("s", toAppend))
				require.NoError(w.t, err)
				seen := map[string]bool{}
				for _, r := range append(records(first), records(second)...) {
					seen[string(r["_id"])] = true
				}
				require.Len(w.t, seen, 30)
			})
		})
	}
}

// TestReadWithAnUnknownPage starts over, and says so.
func TestReadWithAnUnknownPage(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.sync(attempt{streams: []configured{stream("s", toAppend)}, lines: rows("s", 60)})
		state := func(collection string) string {
			return `{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":{"collection":"` +
				collection + `","stream":"s","page_state":"bm9uZQ==","position":3,"records":53}}}`
		}
		lines, err := w.open(nil).read(w.t.Context(), state("c"), stream("s", toAppend))
		require.NoError(w.t, err)
		require.Len(w.t, records(lines), 60)
		require.True(w.t, logged(lines, "WARN", "from its start"))
		lines, err = w.open(nil).read(w.t.Context(), state("elsewhere"), stream("s", toAppend))
		require.NoError(w.t, err)
		require.Len(w.t, records(lines), 60)
		require.True(w.t, logged(lines, "WARN", "another collection"))
	})
}

func TestReadFails(t *testing.T) {
	onBothBackends(t, func(w *world) {
		_, err := w.open(nil).read(w.t.Context(), "", stream("s", toAppend))
		var config *failure.ConfigError
		require.ErrorAs(w.t, err, &config, "there is no collection")

		w.sync(attempt{streams: []configured{stream("s", toAppend)}, lines: rows("s", 120)})
		calls := 0
		w.server.Control("find", func(*http.Request, []byte) (bool, int, []byte) {
			calls++
			if calls == 2 {
				return true, http.StatusUnauthorized, []byte(`{"errors":[{"errorCode":"UNAUTHORIZED_ACCESS","message":"no"}]}`)
			}
			return false, 0, nil
		})
		lines, err := w.open(nil).read(w.t.Context(), "", stream("s", toAppend))
		require.Equal(w.t, protocol.ConfigError, fault.Classify(err).FailureType)
		require.Equal(w.t, "STARTED ESTIMATE R RUNNING R S INCOMPLETE", order(lines))
		require.Len(w.t, records(lines), 50)
	})
}

// TestReadPlaces: a namespace is a collection, or else a part of _ab_stream.
func TestReadPlaces(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.sync(attempt{streams: []configured{stream("s", toAppend, inNamespace("public"))},
			lines: []string{strings.Replace(row("s", 1, "one"), `"stream":"s"`, `"stream":"s","namespace":"public"`, 1)}})
		w.edits["indexing.collection"] = "other"
		w.sync(attempt{streams: []configured{stream("s", toAppend)}, lines: rows("s", 2)})
		delete(w.edits, "indexing.collection")
		for _, test := range []struct {
			stream configured
			want   int
		}{
			{stream("s", toAppend, inNamespace("public")), 1},
			{stream("public_s", toAppend), 1},
			{stream("public_s", toAppend, inNamespace("c")), 1},
			{stream("s", toAppend, inNamespace("other")), 2},
			{stream("s", toAppend), 0},
		} {
			lines, err := w.open(nil).read(w.t.Context(), "", test.stream)
			require.NoError(w.t, err)
			require.Len(w.t, records(lines), test.want, "%v", test.stream)
		}
	})
}

func TestParseReadState(t *testing.T) {
	const one = `{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":{"records":1}}}`
	for name, test := range map[string]struct {
		text string
		want int
		ok   bool
	}{
		"nothing":      {"", 0, true},
		"empty object": {"{}", 0, true},
		"platform":     {"[" + one + "]", 1, true},
		"empty list":   {"[]", 0, true},
		"messages": {`{"type":"LOG","log":{}}` + "\n" + `{"type":"STATE","state":` + one + `}` + "\n" +
			`{"type":"RECORD","record":{}}` + "\n", 1, true},
		"no state":   {`{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"}}}`, 0, true},
		"global":     {`{"type":"GLOBAL","global":{}}`, 0, false},
		"legacy":     {`{"type":"STATE","state":{"type":"LEGACY","data":{}}}`, 0, false},
		"no JSON":    {"x", 0, false},
		"a number":   {"3", 0, false},
		"wrong type": {`{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":3}}`, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := reading.ParseState([]byte(test.text))
			var config *failure.ConfigError
			require.Equal(t, test.ok, err == nil, err)
			require.Equal(t, !test.ok, errors.As(err, &config))
			require.Len(t, state, test.want)
		})
	}
}

// FuzzParseReadState must not fail other than with an error.
func FuzzParseReadState(f *testing.F) {
	f.Add([]byte(`[{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":{"position":-1}}}]`))
	f.Add([]byte(`{"type":"STATE","state":{"type":"STATE","state":[]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		state, err := reading.ParseState(data)
		require.True(t, err == nil || state == nil)
	})
}
