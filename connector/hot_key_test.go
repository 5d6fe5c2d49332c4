package connector_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/effort"
)

// TestHotKeyHoldsUpNoOther: one row that the source changes all the time costs the others no wait.
func TestHotKeyHoldsUpNoOther(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.server.KeepControl("insertMany", func(*http.Request, []byte) (bool, int, []byte) {
			w.wait(2 * time.Second)
			return false, 0, nil
		})
		took := map[bool]time.Duration{}
		for _, hot := range []bool{false, true} {
			var lines []string
			for i := range 2000 {
				if hot && i%50 == 0 {
					lines = append(lines, row("s", "hot", fmt.Sprint("version ", i)))
				}
				lines = append(lines, row("s", fmt.Sprint(hot, i), fmt.Sprint("text ", i)))
			}
			lines = append(lines, streamState("s", 1))
			started := time.Now()
			r := w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"), syncID(1))}, lines: lines})
			took[hot] = time.Since(started)
			require.Equal(w.t, []int{1}, r.numbers())
		}
		require.LessOrEqual(w.t, took[true], took[false]+4*time.Second, "the hot key alone took %s", took[true])
		require.Contains(w.t, w.texts(), "version 1950")
		require.Len(w.t, w.texts(), 4001)
	})
}

// TestStateBehindAHeldRecord: a state that follows a version of a busy key goes out within the flush
// interval, although nothing else comes.
func TestStateBehindAHeldRecord(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.flush_interval_seconds"] = 20
		slow := true
		w.server.KeepControl("insertMany", func(*http.Request, []byte) (bool, int, []byte) {
			if slow {
				slow = false
				w.wait(15 * time.Second)
			}
			return false, 0, nil
		})
		input := &source{world: w}
		for i := range 100 {
			input.say(row("s", i, "a"))
		}
		input.steps = append(input.steps, func() { w.wait(time.Second) })
		input.say(row("s", 7, "b"))
		input.say(streamState("s", 1))
		var came, printed time.Time
		input.steps = append(input.steps, func() { came = time.Now(); w.wait(5 * time.Minute) })
		r := w.sync(attempt{
			streams: []configured{stream("s", toDedup, key("id"))}, input: input,
			onState: func(state) { printed = time.Now() },
		})
		require.Equal(w.t, []int{1}, r.numbers())
		require.LessOrEqual(w.t, printed.Sub(came), 22*time.Second)
	})
}

// TestHotKeysModel: whatever the keys, the sizes of records, the memory and the time that calls take, the
// last version of each key is stored, once, and the states come in order.
func TestHotKeysModel(t *testing.T) {
	first, seeds := effort.Seed(t), effort.Of(t, 1, 2, 4)
	for seed := first; seed < first+uint64(seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 20
				random := rand.New(rand.NewPCG(seed, 24))
				w.server.KeepControl("insertMany", func(_ *http.Request, body []byte) (bool, int, []byte) {
					some := rand.New(rand.NewPCG(seed, uint64(len(body))))
					w.wait(time.Duration(some.IntN(4000)) * time.Millisecond)
					return false, 0, nil
				})
				keys, hot := 1+random.IntN(300), 1+random.IntN(3)
				last := map[int]string{}
				var lines []string
				var states []int
				for i := range 1200 {
					id := random.IntN(keys)
					if random.IntN(3) == 0 {
						id = random.IntN(hot)
					}
					switch random.IntN(40) {
					case 0:
						lines, last[id] = append(lines, deleted("s", id)), ""
					case 1:
						lines, states = append(lines, streamState("s", i)), append(states, i)
					default:
						last[id] = words(fmt.Sprintf("v%d_", i), 1+random.IntN(4)*random.IntN(40))
						lines = append(lines, row("s", id, last[id]))
					}
				}
				r := w.sync(attempt{
					streams: []configured{stream("s", toDedup, key("id"))}, lines: lines,
					memory: int64(64<<10 + random.IntN(4<<20)), batches: 1 + random.IntN(4),
				})
				if states == nil {
					states = []int{}
				}
				require.Equal(w.t, states, slices.Concat(states[:0:0], r.numbers()))
				require.Equal(w.t, chunksOf(last), versionsStored(w))
			})
		})
	}
}

// chunksOf are the versions that must be there, by key.
func chunksOf(last map[int]string) map[int]string {
	want := map[int]string{}
	for id, text := range last {
		if text != "" {
			version, _, _ := strings.Cut(text, "_")
			want[id] = version
		}
	}
	return want
}

// versionsStored are the versions that are there, by key; several of a key are joined.
func versionsStored(w *world) map[int]string {
	got := map[int]string{}
	for _, d := range w.documents() {
		id := int(d.Key.(float64))
		for _, word := range strings.Fields(strings.TrimPrefix(d.Text, "text: ")) {
			version, _, _ := strings.Cut(word, "_")
			switch got[id] {
			case "", version:
				got[id] = version
			default:
				got[id] += " and " + version
			}
		}
	}
	return got
}
