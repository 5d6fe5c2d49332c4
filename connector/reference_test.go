package connector_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"destination-astra/chunk"
)

// documentCounts says how many of each there are. A document is written as what
// it says (see [said]).
type documentCounts map[string]int

func (c documentCounts) add(docs []string, n int) {
	for _, d := range docs {
		c[d] += n
	}
}

// said is a document without what tells copies and runs apart.
func said(stream, metadata, embedder string, index int, text string) string {
	return fmt.Sprintf("%s %s %s #%d %q", stream, metadata, embedder, index, text)
}

func (d storedDocument) said() string { return said(d.Stream, d.Metadata, d.Embedder, d.Index, d.Text) }

// reference says what a collection must hold. It knows nothing of how the
// connector works: only the script, and what each attempt saw of it.
type reference struct {
	history  history
	splitter *chunk.Splitter
	rows     []map[string][]string // of keyed streams: documents by key
	base     []documentCounts      // of the others: what was there before the job
}

// stretch is what one attempt saw of a stream's part of the script: it began at
// from, the last state that came back was before acked, and what was sent ended
// before end.
type stretch struct{ from, acked, end int }

func newReference(h history) (*reference, error) {
	counter, err := chunk.NewTokenizer("gpt2")
	if err != nil {
		return nil, err
	}
	splitter, err := chunk.NewSplitter(chunk.Options{ChunkSize: modelChunkSize, Counter: counter})
	r := &reference{history: h, splitter: splitter}
	for range h.Kinds {
		r.rows = append(r.rows, map[string][]string{})
		r.base = append(r.base, documentCounts{})
	}
	return r, err
}

// documents are what a record becomes.
func (r *reference) documents(j job, e event) []string {
	data := r.history.data(e)
	text := data["text"].(string)
	delete(data, "text")
	delete(data, "u")
	if j.Renamed {
		data["m"] = data["n"]
		delete(data, "n")
	}
	metadata, _ := json.Marshal(data)
	var docs []string
	for i, piece := range r.splitter.Split("text: " + text + "\n") {
		docs = append(docs, said(streamName(e.Stream), string(metadata), embedderOf(j), i, piece))
	}
	return docs
}

func embedderOf(j job) string { return fmt.Sprintf("openai_compatible/%s/%d", j.Model, dimensions) }

// rowKey is what a record of a keyed stream is known by; those without a key by
// all that is stored of them.
func (r *reference) rowKey(j job, e event) string {
	if r.history.Kinds[e.Stream] == deduping && e.Key == keys-1 {
		return "none " + strings.Join(r.documents(j, e), ",")
	}
	return fmt.Sprint(e.Key)
}

// class is what makes records of a stream without a key equal.
func (r *reference) class(j job, e event) string {
	if j.Streams[e.Stream].Replacing {
		return strings.Join(r.documents(j, e), ",")
	}
	text, _ := json.Marshal(r.history.data(e))
	return string(text)
}

// checkEnd compares the stream's part of the collection, when the job is done,
// with what must be there.
func (r *reference) checkEnd(j job, stream int, seen []stretch, got documentCounts) error {
	low, high := documentCounts{}, documentCounts{}
	if r.history.Kinds[stream].keyed() {
		rows, kept := r.fold(j, stream)
		for k, docs := range rows {
			high.add(docs, 1)
			low.add(docs, 1)
			if kept[k] && !j.Streams[stream].Resumable {
				low.add(docs, -1) // an attempt that had no such record may have replaced the stream
			}
		}
	} else {
		low, high = r.bounds(j, stream, seen)
	}
	names := slices.Sorted(maps.Keys(low))
	for name := range got {
		if _, known := low[name]; !known {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if got[name] < low[name] || got[name] > high[name] {
			return fmt.Errorf("%d times instead of %d to %d: %s", got[name], low[name], high[name], name)
		}
	}
	return nil
}

// checkKept: what was there before the job is still there, beside what an
// attempt that failed may have left.
func (r *reference) checkKept(stream int, got documentCounts) error {
	for name, n := range r.base[stream] {
		if got[name] < n {
			return fmt.Errorf("%d times instead of %d: %s", got[name], n, name)
		}
	}
	return nil
}

// fold is the keyed stream after the whole script. A record that is refused leaves its key as it
// was, also before a job that replaces the stream, unless another embedder's vectors are there:
// those rows of such a stream are kept.
func (r *reference) fold(j job, stream int) (rows map[string][]string, kept map[string]bool) {
	rows, kept = map[string][]string{}, map[string]bool{}
	if !j.Streams[stream].Replacing {
		rows = maps.Clone(r.rows[stream])
	}
	said := map[string]bool{}
	for _, e := range j.Script {
		if e.Stream != stream || e.What != aRecord && e.What != aDeletion {
			continue
		}
		k := r.rowKey(j, e)
		switch old := r.rows[stream][k]; {
		case e.refused():
			if !said[k] && len(old) > 0 && strings.Contains(old[0], " "+embedderOf(j)+" ") {
				rows[k], kept[k] = old, j.Streams[stream].Replacing
			}
			continue
		case e.What == aRecord:
			rows[k] = r.documents(j, e)
		case e.What == aDeletion:
			delete(rows, k)
		}
		said[k] = true
		delete(kept, k)
	}
	return rows, kept
}

// bounds are how often each document may be there. They differ only for equal
// records on both sides of a state after which an attempt failed: these may
// merge.
func (r *reference) bounds(j job, stream int, seen []stretch) (low, high documentCounts) {
	low, high = documentCounts{}, documentCounts{}
	if !j.Streams[stream].Replacing {
		low, high = maps.Clone(r.base[stream]), maps.Clone(r.base[stream])
	}
	total, examples := r.classes(j, stream, 0, len(j.Script))
	least, most := map[string]int{}, map[string]int{}
	for _, s := range seen {
		acked, _ := r.classes(j, stream, s.from, s.acked)
		sent, _ := r.classes(j, stream, s.from, s.end)
		for class := range total {
			least[class] = max(least[class], acked[class])
			most[class] = max(most[class], sent[class])
		}
	}
	for class, n := range total {
		docs := r.documents(j, examples[class])
		low.add(docs, least[class])
		high.add(docs, min(n, most[class]))
	}
	return low, high
}

// classes counts equal records of the script's events from..to.
func (r *reference) classes(j job, stream, from, to int) (map[string]int, map[string]event) {
	counts, examples := map[string]int{}, map[string]event{}
	for i := from; i < to; i++ {
		if e := j.Script[i]; e.Stream == stream && e.What == aRecord && !e.refused() {
			class := r.class(j, e)
			counts[class]++
			examples[class] = e
		}
	}
	return counts, examples
}

// checkState is asked while an attempt runs: the stream's events from..n are
// stored, whatever of those before end came after them.
func (r *reference) checkState(j job, stream, from, n, end int, got documentCounts) error {
	if !r.history.Kinds[stream].keyed() {
		counts, examples := r.classes(j, stream, from, n)
		want := documentCounts{}
		if !j.Streams[stream].Replacing {
			want = maps.Clone(r.base[stream])
		}
		for class, k := range counts {
			want.add(r.documents(j, examples[class]), k)
		}
		for name, k := range want {
			if got[name] < k {
				return fmt.Errorf("%d times instead of %d: %s", got[name], k, name)
			}
		}
		return nil
	}
	candidates := map[string][][]string{} // versions that may be there; nil is none
	for i := from; i < end; i++ {
		e := j.Script[i]
		if e.Stream != stream || e.What != aRecord && e.What != aDeletion || e.refused() {
			continue
		}
		k := r.rowKey(j, e)
		if i < n {
			candidates[k] = nil
		} else if candidates[k] == nil {
			continue // not written before the state
		}
		var docs []string
		if e.What == aRecord {
			docs = r.documents(j, e)
		}
		candidates[k] = append(candidates[k], docs)
	}
	for k, versions := range candidates {
		if !slices.ContainsFunc(versions, func(docs []string) bool { return holds(got, docs) }) {
			return fmt.Errorf("key %s: none of %q", k, versions)
		}
	}
	return nil
}

func holds(got documentCounts, docs []string) bool {
	return !slices.ContainsFunc(docs, func(d string) bool { return got[d] == 0 })
}

// finish makes what is there now the base of the next job.
func (r *reference) finish(j job, got []documentCounts) {
	for i, k := range r.history.Kinds {
		if k.keyed() {
			rows, kept := r.fold(j, i)
			maps.DeleteFunc(rows, func(k string, docs []string) bool { return kept[k] && !holds(got[i], docs) })
			r.rows[i] = rows
		} else {
			r.base[i] = got[i]
		}
	}
}
