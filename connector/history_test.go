package connector_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// kind is how a stream of a history is written.
type kind string

const (
	appending   kind = "append"
	deduping    kind = "append_dedup"
	deduping2   kind = "append_dedup, key of two fields"
	overwriting kind = "overwrite"
)

func (k kind) keyed() bool { return k == deduping || k == deduping2 }

// history is a number of jobs, one after the other, as a platform runs them:
// each with as many attempts as it takes. It says what happens; what must come
// of it says [reference].
type history struct {
	Backend  string
	Kinds    []kind // of the streams
	Numbered bool   // the platform numbers generations
	Silent   bool   // the source sends no STREAM_STATUS
	Global   bool   // its states are GLOBAL
	Jobs     []job
}

type job struct {
	Model    string // of the embedder
	Renamed  bool   // a field_name_mapping is configured
	Streams  []jobStream
	Script   []event // all that the source has to say
	Attempts []plan  // that may fail; more follow until one does not
}

type jobStream struct {
	Generation int64
	Replacing  bool
	Resumable  bool
}

// event is one message of the source, or a pause.
type event struct {
	Stream int // -1: of all
	What   what
	Key    int
	AsText bool // the key is a string
	Text   int
	N, U   int // a stored field and one that is not
}

type what string

const (
	aRecord   what = "record"
	aDeletion what = "deletion"
	aState    what = "state"
	aComplete what = "complete"
	aPause    what = "pause"
	aNothing  what = "nothing"
)

// plan is what happens to an attempt.
type plan struct {
	End     string // how the input ends before its end: "", "eof", "broken", "cancel"
	At      int    // before which event
	Faults  []mishap
	Outage  int
	Memory  int64
	Batches int
	// Without: where the source starts from zero, other data may be there than in
	// the attempt before. One in three records is not, when this is 1, 2 or 3.
	Without int
}

// seenBy is the job as the attempt sees it.
func (j job) seenBy(p plan) job {
	script := slices.Clone(j.Script)
	for n, e := range script {
		if e.What != aRecord && e.What != aDeletion {
			continue
		}
		if s := j.Streams[e.Stream]; s.Replacing && !s.Resumable && n%3 == p.Without-1 {
			script[n] = event{Stream: -1, What: aNothing}
		}
	}
	j.Script = script
	return j
}

// The values of keys and texts are few, so that records meet. The last key is
// none at all.
const keys = 4

// refusedWord is in a chunk that the server refuses.
const refusedWord = "poison"

// refused reports whether the record cannot be stored.
func (e event) refused() bool {
	return e.What == aRecord && strings.Contains(sourceTexts()[e.Text], refusedWord)
}

func sourceTexts() []string {
	return []string{
		"alpha", "beta", "alpha\n\nbeta", "alpha\n\ngamma delta epsilon\n\nbeta zeta", "beta\n\nalpha", "eta theta iota kappa",
		"alpha\n\n" + refusedWord + "\n\nbeta zeta", "eta theta\n\n" + refusedWord,
	}
}

// pairs are keys of two fields; the first two read the same when joined.
func pairs() [][2]string { return [][2]string{{"a_b", "c"}, {"a", "b_c"}, {"a", "c"}, {"", "a"}} }

func drawHistory(t *rapid.T, backend string) history {
	kinds := rapid.SampledFrom([]kind{appending, deduping, deduping2, overwriting})
	h := history{
		Backend:  backend,
		Kinds:    rapid.SliceOfN(kinds, 1, 3).Draw(t, "kinds"),
		Numbered: rapid.Bool().Draw(t, "numbered"),
	}
	h.Silent = !h.Numbered && rapid.Bool().Draw(t, "silent")
	h.Global = (h.Numbered || !slices.Contains(h.Kinds, overwriting)) && rapid.Bool().Draw(t, "global")
	last := job{Model: "small", Streams: make([]jobStream, len(h.Kinds))}
	for range rapid.IntRange(1, 3).Draw(t, "jobs") {
		last = h.drawJob(t, last)
		h.Jobs = append(h.Jobs, last)
	}
	return h
}

func (h history) drawJob(t *rapid.T, last job) job {
	j := job{Model: last.Model, Renamed: rapid.Bool().Draw(t, "renamed")}
	allReplaced := true
	for i, k := range h.Kinds {
		s := jobStream{Generation: last.Streams[i].Generation, Resumable: h.Global || rapid.Bool().Draw(t, "resumable")}
		switch {
		case k == overwriting:
			s.Replacing = true
			s.Resumable = s.Resumable && h.Numbered
			s.Generation++
		case h.Numbered:
			refresh := rapid.SampledFrom([]string{"", "", "retain", "replace"}).Draw(t, "refresh")
			s.Replacing = refresh == "replace"
			if refresh != "" {
				s.Generation++
			}
		}
		allReplaced = allReplaced && s.Replacing
		j.Streams = append(j.Streams, s)
	}
	if allReplaced {
		j.Model = rapid.SampledFrom([]string{"small", "large"}).Draw(t, "model")
	}
	j.Script = h.drawScript(t)
	plans := rapid.Custom(func(t *rapid.T) plan { return h.drawPlan(t, j.Script) })
	j.Attempts = rapid.SliceOfN(plans, 1, 3).Draw(t, "attempts")
	return j
}

func (h history) drawPlan(t *rapid.T, script []event) plan {
	ends := []string{"", "", "", "broken", "cancel"}
	// Without generations an input that ends early is believed. What an attempt before left of a
	// refused record, which is not in it, stays then (ADR 0017).
	if !h.Silent && (h.Numbered || !slices.ContainsFunc(script, event.refused)) {
		ends = append(ends, "eof")
	}
	p := plan{
		End:     rapid.SampledFrom(ends).Draw(t, "end"),
		Memory:  rapid.SampledFrom([]int64{0, 0, 1, 50 << 10, 80 << 10, 150 << 10}).Draw(t, "memory"),
		Batches: rapid.IntRange(1, 4).Draw(t, "batches"),
		Without: rapid.IntRange(0, 3).Draw(t, "without"),
	}
	if p.End != "" {
		p.At = rapid.IntRange(0, len(script)).Draw(t, "at")
	}
	if rapid.Bool().Draw(t, "faulty") {
		p.Faults = drawFaults().Draw(t, "faults")
	}
	if rapid.IntRange(0, 4).Draw(t, "breaks") == 4 {
		p.Outage = rapid.IntRange(1, 20).Draw(t, "outage")
	}
	return p
}

func (h history) drawScript(t *rapid.T) []event {
	var script []event
	done := make([]bool, len(h.Kinds))
	all := []what{aRecord, aRecord, aRecord, aRecord, aRecord, aDeletion, aState, aState, aComplete, aPause}
	for range rapid.IntRange(0, 24).Draw(t, "events") {
		e := event{
			Stream: rapid.IntRange(0, len(h.Kinds)-1).Draw(t, "stream"),
			What:   rapid.SampledFrom(all).Draw(t, "what"),
		}
		switch {
		case e.What == aPause:
			e.Stream = -1
		case e.What == aState:
			if h.Global {
				e.Stream = -1
			}
		case done[e.Stream] || e.What == aComplete && h.Silent:
			continue
		case e.What == aComplete:
			done[e.Stream] = true
		default:
			e.Key = rapid.IntRange(0, keys-1).Draw(t, "key")
			e.Text = rapid.IntRange(0, len(sourceTexts())-1).Draw(t, "text")
			e.AsText = rapid.IntRange(0, 3).Draw(t, "as text") == 3
			e.N = rapid.IntRange(0, 1).Draw(t, "n")
			e.U = rapid.IntRange(0, 1).Draw(t, "u")
			if e.What == aDeletion && h.Kinds[e.Stream] == deduping && e.Key == keys-1 {
				e.Key = 0 // without its key a deletion is rejected
			}
		}
		script = append(script, e)
	}
	for i := range h.Kinds {
		if !done[i] && !h.Silent {
			script = append(script, event{Stream: i, What: aComplete})
		}
	}
	return script
}

// configured are the job's streams as its catalog has them.
func (h history) configured(j job) []configured {
	var all []configured
	for i, k := range h.Kinds {
		s := j.Streams[i]
		settings := []setting{fullRefresh(s.Resumable)}
		mode := toDedup
		switch k {
		case appending:
			mode = toAppend
		case deduping:
			settings = append(settings, key("id"))
		case deduping2:
			settings = append(settings, key("k", "l"))
		case overwriting:
			mode = toOverwrite
		}
		if h.Numbered {
			minimum := int64(0)
			if s.Replacing {
				minimum = s.Generation
			}
			// The sync id is the job's, as that of callers that number nothing.
			settings = append(settings, func(c configured) {
				c["generation_id"], c["minimum_generation_id"] = s.Generation, minimum
			})
		}
		all = append(all, stream(streamName(i), mode, settings...))
	}
	return all
}

func streamName(i int) string { return fmt.Sprint("s", i) }

// line is the event as the source prints it; n is its number.
func (h history) line(e event, n int) string {
	switch e.What {
	case aRecord, aDeletion:
		text, _ := json.Marshal(h.data(e))
		return record(streamName(e.Stream), string(text))
	case aComplete:
		return complete(streamName(e.Stream))
	case aState:
		if e.Stream < 0 {
			return globalState(n)
		}
		return streamState(streamName(e.Stream), n)
	}
	return ""
}

// data is what the record says.
func (h history) data(e event) map[string]any {
	data := map[string]any{}
	switch {
	case h.Kinds[e.Stream] == deduping2:
		data["k"], data["l"] = pairs()[e.Key][0], pairs()[e.Key][1]
	case e.Key == keys-1:
	case e.AsText:
		data["id"] = fmt.Sprint(e.Key)
	default:
		data["id"] = e.Key
	}
	if e.What == aDeletion {
		data["_ab_cdc_deleted_at"] = "2026-01-01"
		return data
	}
	data["text"], data["n"], data["u"] = sourceTexts()[e.Text], e.N, e.U
	return data
}

// String prints the history so that it can be read, and told apart from another.
func (h history) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s numbered=%t silent=%t global=%t\n", h.Backend, h.Numbered, h.Silent, h.Global)
	for i, j := range h.Jobs {
		fmt.Fprintf(&b, "job %d: model=%s renamed=%t\n", i+1, j.Model, j.Renamed)
		for k, s := range j.Streams {
			fmt.Fprintf(&b, "  %s %s %+v\n", streamName(k), h.Kinds[k], s)
		}
		for n, e := range j.Script {
			fmt.Fprintf(&b, "  %d %s s%d", n, e.What, e.Stream)
			if e.What == aRecord || e.What == aDeletion {
				text, _ := json.Marshal(h.data(e))
				fmt.Fprintf(&b, " %s", text)
			}
			b.WriteByte('\n')
		}
		for _, p := range j.Attempts {
			fmt.Fprintf(&b, "  attempt %+v\n", p)
		}
	}
	return b.String()
}
