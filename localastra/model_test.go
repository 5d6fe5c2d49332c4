package localastra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"destination-astra/internal/effort"
)

// TestIndexesFollowWrites makes random writes and compares what indexed filters find
// with a plain map. An index that misses a write shows as a missing or an extra _id.
func TestIndexesFollowWrites(t *testing.T) {
	effort.Check(t, 1, func(rt *rapid.T) {
		c := openVec(t)
		model := map[string]int{} // _id -> g; -1 means without g
		id := rapid.IntRange(0, 30)
		g := rapid.IntRange(-1, 3)
		rt.Repeat(map[string]func(*rapid.T){
			"insert": func(rt *rapid.T) {
				name, n := fmt.Sprint("d", id.Draw(rt, "id")), g.Draw(rt, "g")
				c.send("c", `{"insertOne":{"document":`+modelDocument(name, n)+`}}`)
				if _, known := model[name]; !known {
					model[name] = n
				}
			},
			"raise": func(rt *rapid.T) {
				from, to := g.Draw(rt, "from"), rapid.IntRange(0, 3).Draw(rt, "to")
				c.must("c", fmt.Sprintf(`{"updateMany":{"filter":%s,"update":{"$set":{"g":%d}}}}`,
					modelFilter(from), to))
				for name, n := range model {
					if n == from {
						model[name] = to
					}
				}
			},
			"replace": func(rt *rapid.T) {
				name, n := fmt.Sprint("d", id.Draw(rt, "id")), g.Draw(rt, "g")
				c.must("c", `{"findOneAndReplace":{"filter":{"_id":"`+name+`"},"replacement":`+modelDocument(name, n)+
					`,"options":{"upsert":true}}}`)
				model[name] = n
			},
			"delete": func(rt *rapid.T) {
				n := g.Draw(rt, "g")
				for more := any(true); more == true; {
					more = c.must("c", `{"deleteMany":{"filter":`+modelFilter(n)+`}}`).Status["moreData"]
				}
				for name, has := range model {
					if has == n {
						delete(model, name)
					}
				}
			},
			"": func(rt *rapid.T) {
				for n := -1; n <= 3; n++ {
					require.Equal(rt, modelIDs(model, func(has int) bool { return has == n }), findIDs(c,
						modelFilter(n)))
				}
				require.Equal(rt, modelIDs(model, func(has int) bool { return has >= 0 && has < 2 }),
					findIDs(c, `{"g":{"$lt":2},"s":"x"}`))
			},
		})
	})
}

func modelDocument(name string, g int) string {
	if g < 0 {
		return fmt.Sprintf(`{"_id":%q,"s":"x"}`, name)
	}
	return fmt.Sprintf(`{"_id":%q,"s":"x","g":%d,"$vector":[1,%d]}`, name, g, g)
}

func modelFilter(g int) string {
	if g < 0 {
		return `{"g":{"$exists":false}}`
	}
	return fmt.Sprintf(`{"g":%d}`, g)
}

func modelIDs(model map[string]int, keep func(int) bool) string {
	var names []string
	for name, g := range model {
		if keep(g) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func findIDs(c caller, filter string) string {
	var names []string
	for _, id := range c.must("c", `{"find":{"filter":`+filter+`}}`).ids() {
		names = append(names, id.(string))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
