package connector_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
)

func TestAnotherEmbedderIsRefused(t *testing.T) {
	const small, large = `"openai_compatible/small/8"`, `"openai_compatible/large/8"`
	tests := map[string]configured{
		"append":                  stream("s", toAppend, syncID(2)),
		"append_dedup":            stream("s", toDedup, key("id")),
		"numbered append":         stream("s", toAppend, numbered(2, 0, 9)),
		"numbered append_dedup":   stream("s", toDedup, key("id"), numbered(2, 0, 9)),
		"append_dedup, other key": stream("s", toDedup, key("text")),
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{s}, lines: []string{row("s", 1, "a")}})
				w.edits["embedding.model_name"] = "large"
				r, trace := w.fails(attempt{streams: []configured{s}, lines: []string{row("s", 2, "b"), streamState("s", 1)}})
				require.EqualValues(w.t, "config_error", trace.FailureType)
				require.Contains(w.t, trace.Message, small)
				require.Contains(w.t, trace.Message, large)
				require.Contains(w.t, trace.Message, "refresh")
				require.Equal(w.t, "s", trace.Stream.Name)
				require.Empty(w.t, r.states)
				require.Equal(w.t, []string{"a"}, w.texts())
			})
		})
	}
}

// TestAnotherEmbedderComesLater: a sync that has looked for another embedder's documents, and found none,
// meets one all the same. It must not replace that one alone, as if the whole stream were its own.
func TestAnotherEmbedderComesLater(t *testing.T) {
	onBothBackends(t, func(w *world) {
		streams := []configured{stream("s", toDedup, key("id"))}
		w.sync(attempt{streams: streams, lines: []string{row("s", 1, "a"), row("s", 2, "b")}})
		in := &source{world: w}
		in.steps = append(in.steps, func() {
			w.command(`{"updateOne":{"filter":{"_ab_record_id":"s_2"},"update":{"$set":{"_ab_embedder":"cohere/other/8"}}}}`)
		})
		in.say(row("s", 2, "b new"))
		in.say(streamState("s", 1))
		r, trace := w.fails(attempt{streams: streams, input: in})
		require.EqualValues(w.t, "config_error", trace.FailureType)
		require.Contains(w.t, trace.Message, `"cohere/other/8"`)
		require.Empty(w.t, r.states)
		require.Equal(w.t, []string{"a", "b"}, w.texts())
	})
}

// TestAnotherEmbedderIsReplaced: none of the old vectors is reused or survives,
// also when the generation is the same.
func TestAnotherEmbedderIsReplaced(t *testing.T) {
	for mode := range replacing(1) {
		for name, generation := range map[string]int64{"the next generation": 4, "the same generation": 3} {
			t.Run(mode+"/"+name, func(t *testing.T) {
				onBothBackends(t, func(w *world) {
					w.sync(attempt{streams: []configured{replacing(3)[mode]}, lines: []string{row("s", 1, "a"), row("s", 2, "b")}})
					w.edits["embedding.model_name"] = "large"
					r := w.sync(attempt{streams: []configured{replacing(generation)[mode]},
						lines: []string{row("s", 1, "a"), complete("s")}})
					require.Equal(w.t, []string{"a"}, w.texts())
					require.Equal(w.t, "openai_compatible/large/8", w.documents()[0].Embedder)
					require.Equal(w.t, 1, r.texts)
				})
			})
		}
	}
}

func TestDocumentsOfUnknownEmbeddingAreNotReused(t *testing.T) {
	tests := map[string]struct {
		stream configured
		want   []string
	}{
		"append":    {stream("s", toAppend, syncID(1)), []string{"text: a", "text: a"}},
		"dedup":     {stream("s", toDedup, key("id")), []string{"text: a"}},
		"replacing": {stream("s", toAppend, numbered(2, 2, 2)), []string{"text: a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{test.stream}})
				w.foreign("0b8a3a3a-3c5c-4bb4-a4c0-53d41f0c8ae0", "s", "s_1", "text: a")
				r := w.sync(attempt{streams: []configured{test.stream}, lines: []string{row("s", 1, "a"), complete("s")}})
				require.Equal(w.t, 1, r.texts)
				require.Equal(w.t, name != "replacing", r.warned("documents of unknown embedding"))
				got := []string{}
				for _, d := range w.documents() {
					got = append(got, d.Text)
				}
				require.Equal(w.t, test.want, got)
			})
		})
	}
}

func TestReusedVectors(t *testing.T) {
	// Each test writes the records, makes the edits and writes the others.
	type edits = map[string]any
	tests := map[string]struct {
		edits        edits
		lines, again []string
		texts        int // embedded the second time
		want         []string
	}{
		"nothing changes": {nil,
			[]string{row("s", 1, "a"), row("s", 2, "b")}, []string{row("s", 2, "b"), row("s", 1, "a")}, 0,
			[]string{"a", "b"}},
		"metadata changes": {nil,
			[]string{record("s", `{"id":1,"text":"a","n":1}`)}, []string{record("s", `{"id":1,"text":"a","n":2}`)}, 0,
			[]string{"a"}},
		"one chunk of many changes": {edits{"processing.chunk_size": 4},
			[]string{row("s", 1, "alpha\n\nbeta\n\ngamma")}, []string{row("s", 1, "alpha\n\nbeta\n\ndelta")}, 1, nil},
		"a mapping changes": {edits{"processing.field_name_mappings": []edits{{"from_field": "n", "to_field": "m"}}},
			[]string{record("s", `{"id":1,"text":"a","n":1}`)}, []string{record("s", `{"id":1,"text":"a","n":1}`)}, 0,
			[]string{"a"}},
		"omit_raw_text changes": {edits{"omit_raw_text": true},
			[]string{row("s", 1, "a")}, []string{row("s", 1, "a")}, 0, []string{""}},
		"a text comes back to its own record": {nil,
			[]string{row("s", 1, "a")}, []string{row("s", 1, "b"), row("s", 1, "a")}, 0, []string{"a"}},
		"the text changes": {nil,
			[]string{row("s", 1, "a")}, []string{row("s", 1, "b")}, 1, []string{"b"}},
	}
	for name, test := range tests {
		for mode := range replacing(1) {
			t.Run(name+"/"+mode, func(t *testing.T) {
				if name == "a text comes back to its own record" && mode != "append_dedup" {
					t.Skip("without a key both versions are stored")
				}
				onBothBackends(t, func(w *world) {
					if w.chunked(test.edits) {
						w.edits["processing.chunk_size"] = 4
					}
					w.sync(attempt{streams: []configured{replacing(1)[mode]}, jobID: "1",
						lines: append(test.lines, complete("s"))})
					for path, value := range test.edits {
						w.edits[path] = value
					}
					r := w.sync(attempt{streams: []configured{replacing(2)[mode]}, jobID: "2",
						lines: append(test.again, complete("s"))})
					require.Equal(w.t, test.texts, r.texts)
					if test.want != nil {
						require.Equal(w.t, test.want, w.texts())
					}
					w.checkVectors(test.again)
				})
			})
		}
	}
}

func (w *world) chunked(edits map[string]any) bool { return edits["processing.chunk_size"] != nil }

// checkVectors makes sure of documents without a text what dump checks of the
// others: that each has a vector of one of the texts.
func (w *world) checkVectors(lines []string) {
	w.t.Helper()
	for _, d := range w.documents() {
		require.Contains(w.t, string(d.Vector), "$binary", "%v", lines)
	}
}

func TestReuseWithoutReplacing(t *testing.T) {
	onBothBackends(t, func(w *world) {
		streams := []configured{stream("s", toDedup, key("id"))}
		w.sync(attempt{streams: streams, lines: []string{record("s", `{"id":1,"text":"a","n":1}`)}})
		r := w.sync(attempt{streams: streams, lines: []string{record("s", `{"id":1,"text":"a","n":2}`)}})
		require.Zero(w.t, r.texts)
		require.Equal(w.t, `{"id":1,"n":2}`, w.documents()[0].Metadata)
	})
}

// TestATextIsEmbeddedOnceARun has the same texts in batches that are applied at
// the same time.
func TestATextIsEmbeddedOnceARun(t *testing.T) {
	onBothBackends(t, func(w *world) {
		var lines []string
		for i := range 1000 {
			lines = append(lines, row("s", i, words("w", i%7)))
		}
		r := w.sync(attempt{streams: []configured{stream("s", toAppend, syncID(1))}, lines: lines, batches: 8})
		require.Equal(w.t, 6+1, r.texts)
		require.Len(w.t, w.documents(), 1000)
	})
}

// TestFailingEmbedder: the service refuses; nothing is acknowledged, and the
// next attempt starts where this one ended.
func TestFailingEmbedder(t *testing.T) {
	tests := map[string]struct {
		fault embedtest.Fault
		want  string
	}{
		"a wrong key": {embedtest.Status(401, "invalid_api_key", "no"), "config_error"},
		"overload":    {embedtest.Status(503, "overloaded", "no"), "transient_error"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				for range 1000 { // more than fit into the patience
					w.embedder.Fail(test.fault)
				}
				a := attempt{streams: []configured{stream("s", toAppend, syncID(1))},
					lines: []string{row("s", 1, "a"), streamState("s", 1)}}
				r, trace := w.fails(a)
				require.EqualValues(w.t, test.want, trace.FailureType)
				require.Empty(w.t, r.states)
				w.embedder = embedtest.NewServer(embedtest.Options{Dimensions: dimensions})
				require.Equal(w.t, []int{1}, w.sync(a).numbers())
				require.Equal(w.t, []string{"a"}, w.texts())
			})
		})
	}
}

// TestAMovedServiceIsAnother: a refresh embeds everything anew, a stream that adds is
// refused with the way out, and with that way nothing is embedded again.
func TestAMovedServiceIsAnother(t *testing.T) {
	moved := func(w *world) {
		w.edits["embedding.service_id"] = ""
		w.edits["embedding.base_url"] = "http://localhost:11434/v1"
	}
	lines := []string{row("s", 1, "a"), row("s", 2, "b"), complete("s")}
	for mode := range replacing(1) {
		t.Run(mode, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{replacing(1)[mode]}, jobID: "1", lines: lines})
				moved(w)
				r := w.sync(attempt{streams: []configured{replacing(2)[mode]}, jobID: "2", lines: lines})
				require.Equal(w.t, 2, r.texts)
				for _, d := range w.documents() {
					require.Regexp(w.t, `^openai_compatible/small@[0-9a-f]{12}/8$`, d.Embedder)
				}
				w.edits["embedding.base_url"] = "https://LOCALHOST:11434/v1/"
				r = w.sync(attempt{streams: []configured{replacing(3)[mode]}, jobID: "3", lines: lines})
				require.Zero(w.t, r.texts)
			})
		})
	}
	t.Run("adding", func(t *testing.T) {
		onBothBackends(t, func(w *world) {
			s := []configured{stream("s", toDedup, key("id"), syncID(1))}
			w.sync(attempt{streams: s, lines: lines[:2]})
			moved(w)
			_, trace := w.fails(attempt{streams: s, lines: lines[:2]})
			require.Contains(w.t, trace.Message, `set embedding.service_id to "openai_compatible"`)
			w.edits["embedding.service_id"] = "openai_compatible"
			require.Zero(w.t, w.sync(attempt{streams: s, lines: lines[:2]}).texts)
		})
	})
}

// TestAReplyOfAnotherModelEndsTheSync: also in its midst, as a gateway's fallback does.
func TestAReplyOfAnotherModelEndsTheSync(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.embedder.Fail(embedtest.Fault{}, embedtest.Fault{Bend: func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"small"`), []byte(`"fallback"`), 1)
		}})
		var lines []string
		for i := range 40 {
			lines = append(lines, row("s", i, fmt.Sprint("text ", i)))
		}
		r, trace := w.fails(attempt{streams: []configured{stream("s", toAppend, syncID(1))}, batches: 1,
			lines: append(lines, streamState("s", 1))})
		require.EqualValues(w.t, "config_error", trace.FailureType)
		require.Contains(w.t, trace.Message, "fallback")
		require.Contains(w.t, trace.Message, "embedding.reply_model")
		require.Empty(w.t, r.states)
	})
}
