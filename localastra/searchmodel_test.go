package localastra_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"destination-astra/internal/effort"
	"destination-astra/localastra"
)

// modelDoc is what the model of a collection knows of a document.
type modelDoc struct {
	vector []float64 // nil for none
	text   string
}

func (d modelDoc) json(id int) string {
	fields := []string{fmt.Sprintf(`"_id":%d`, id)}
	if d.vector != nil {
		vector, _ := json.Marshal(d.vector)
		fields = append(fields, `"$vector":`+string(vector))
	}
	if d.text != "" {
		fields = append(fields, fmt.Sprintf(`"$lexical":%q`, d.text))
	}
	return "{" + strings.Join(fields, ",") + "}"
}

func drawDoc(rt *rapid.T) modelDoc {
	var d modelDoc
	if rapid.Bool().Draw(rt, "has vector") {
		whole := rapid.IntRange(-4, 4)
		d.vector = []float64{float64(whole.Draw(rt, "x")), float64(whole.Draw(rt, "y"))}
	}
	list := rapid.SliceOfN(rapid.SampledFrom([]string{"ant", "bee", "cat", "dog"}), 0, 5).Draw(rt, "words")
	d.text = strings.Join(list, " ")
	return d
}

// TestSearchesFollowWrites makes random writes, and compares what searches find with
// what a plain map says: a vector or a word that an index missed shows at once.
func TestSearchesFollowWrites(t *testing.T) {
	effort.Check(t, 1, func(rt *rapid.T) {
		c := open(t, localastra.Options{Memory: true})
		c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2,"metric":"euclidean"}}}}`)
		model := map[int]modelDoc{}
		id := rapid.IntRange(1, 12)
		rt.Repeat(map[string]func(*rapid.T){
			"replace": func(rt *rapid.T) {
				n, d := id.Draw(rt, "id"), drawDoc(rt)
				c.must("c", fmt.Sprintf(`{"findOneAndReplace":{"filter":{"_id":%d},"replacement":%s,
					"options":{"upsert":true}}}`, n, d.json(n)))
				model[n] = d
			},
			"unset": func(rt *rapid.T) {
				n := id.Draw(rt, "id")
				c.must("c", fmt.Sprintf(`{"updateOne":{"filter":{"_id":%d},"update":{"$unset":{"$vector":"","$lexical":""}}}}`, n))
				if _, known := model[n]; known {
					model[n] = modelDoc{}
				}
			},
			"delete": func(rt *rapid.T) {
				n := id.Draw(rt, "id")
				c.must("c", fmt.Sprintf(`{"deleteOne":{"filter":{"_id":%d}}}`, n))
				delete(model, n)
			},
			"truncate": func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "really") == 0 {
					c.must("c", `{"deleteMany":{}}`)
					clear(model)
				}
			},
			"": func(rt *rapid.T) {
				compareNearest(rt, c, model)
				compareWords(rt, c, model)
			},
		})
	})
}

// compareNearest searches around one point. Distances are compared, not ids: several
// documents may be equally far.
func compareNearest(rt *rapid.T, c caller, model map[int]modelDoc) {
	got := c.must("c", `{"find":{"sort":{"$vector":[1,2]},"options":{"includeSimilarity":true}}}`)
	var want []float64
	for _, d := range model {
		if d.vector != nil {
			x, y := d.vector[0]-1, d.vector[1]-2
			want = append(want, 1/(1+x*x+y*y))
		}
	}
	slices.Sort(want)
	slices.Reverse(want)
	found := got.Data["documents"].([]any)
	require.Len(rt, found, len(want))
	for i, d := range found {
		similarity, err := d.(map[string]any)["$similarity"].(json.Number).Float64()
		require.NoError(rt, err)
		require.InDelta(rt, want[i], similarity, 1e-6)
	}
}

// compareWords searches for two words and filters by both, with BM25 written out anew.
func compareWords(rt *rapid.T, c caller, model map[int]modelDoc) {
	scores := map[int]float64{}
	texts, total := 0.0, 0.0
	having := map[string]float64{}
	for _, d := range model {
		list := strings.Fields(d.text)
		if len(list) > 0 {
			texts++
			total += float64(len(list))
		}
		for _, w := range []string{"ant", "bee"} {
			if slices.Contains(list, w) {
				having[w]++
			}
		}
	}
	var both []any
	for _, id := range slices.Sorted(maps.Keys(model)) {
		list := strings.Fields(model[id].text)
		for _, w := range []string{"ant", "bee"} {
			n := 0.0
			for _, have := range list {
				if have == w {
					n++
				}
			}
			if n > 0 {
				weight := math.Log(1 + (texts-having[w]+0.5)/(having[w]+0.5))
				scores[id] += weight * n * 2.2 / (n + 1.2*(0.25+0.75*float64(len(list))*texts/total))
			}
		}
		if slices.Contains(list, "ant") && slices.Contains(list, "bee") {
			both = append(both, json.Number(fmt.Sprint(id)))
		}
	}
	found := c.must("c", `{"find":{"sort":{"$lexical":"bee ant"}}}`).ids()
	require.Len(rt, found, len(scores))
	last := math.Inf(1)
	for _, id := range found {
		n, err := id.(json.Number).Int64()
		require.NoError(rt, err)
		require.LessOrEqual(rt, scores[int(n)], last+1e-6, "the best come first")
		last = scores[int(n)]
	}
	require.ElementsMatch(rt, both, c.must("c", `{"find":{"filter":{"$lexical":{"$match":"Ant, BEE!"}}}}`).ids())
}

// TestVectorBlocks has more vectors than one block holds, deletes from the middle, and
// wants each of the others to be its own nearest neighbour.
func TestVectorBlocks(t *testing.T) {
	const total = 2500
	c := open(t, localastra.Options{Memory: true})
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2,"metric":"euclidean"}}}}`)
	point := func(i int) string { return fmt.Sprintf(`[%d,%d]`, i, i*i%97) }
	nearest := func(i int) any {
		return c.must("c", `{"find":{"sort":{"$vector":`+point(i)+`},"projection":{"n":1},"options":{"limit":1}}}`).ids()[0]
	}
	for start := 0; start < total; start += 100 {
		documents := repeat(100, func(i int) string {
			return fmt.Sprintf(`{"_id":%d,"n":%d,"$vector":%s}`, start+i, (start+i)%3, point(start+i))
		})
		c.insert(documents)
		require.NotNil(t, nearest(0), "the index is in memory from the first batch on")
	}
	for more := any(true); more == true; {
		more = c.must("c", `{"deleteMany":{"filter":{"n":0}}}`).Status["moreData"]
	}
	for i := range total {
		if want := json.Number(fmt.Sprint(i)); i%3 != 0 && i%7 == 0 {
			require.Equal(t, want, nearest(i))
		}
	}
	all := c.must("c", `{"find":{"sort":{"$vector":[0,0]},"projection":{"n":1}}}`).ids()
	require.Len(t, all, 1000, "as many as a search returns at most")
}

// TestReadersBesideWriters reads, searches and writes from several goroutines. The race
// detector watches; the counts must add up.
func TestReadersBesideWriters(t *testing.T) {
	c := open(t, localastra.Options{Dir: t.TempDir()})
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2}}}}`)
	const writers, each = 4, 25
	var group errgroup.Group
	for w := range writers {
		group.Go(func() error {
			for i := range each {
				got := c.send("c", fmt.Sprintf(`{"insertOne":{"document":{"_id":"%d-%d","g":%d,"$lexical":"word",
					"$vector":[1,%d]}}}`, w, i, w, i))
				if len(got.Errors) > 0 {
					return fmt.Errorf("%s", got.text)
				}
			}
			return nil
		})
		group.Go(func() error {
			for _, command := range []string{`{"find":{"sort":{"$vector":[1,1]}}}`,
				`{"find":{"sort":{"$lexical":"word"}}}`,
				`{"find":{"filter":{"g":{"$lt":2}}}}`, `{"countDocuments":{}}`} {
				for range each {
					if got := c.send("c", command); len(got.Errors) > 0 {
						return fmt.Errorf("%s", got.text)
					}
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	for _, command := range []string{`{"find":{"sort":{"$vector":[1,1]}}}`, `{"find":{"sort":{"$lexical":"word"}}}`} {
		require.Len(t, c.must("c", command).ids(), writers*each)
	}
	half := c.must("c", `{"countDocuments":{"filter":{"g":{"$lt":2}}}}`)
	require.Equal(t, 0, cmp.Compare(fmt.Sprint(half.Status["count"]), fmt.Sprint(writers*each/2)))
}
