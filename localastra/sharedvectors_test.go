package localastra_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

// TestVectorsAreLoadedOnce starts forty searches at once, before and after their vectors are
// dropped. The vectors are read once each time, and the heap holds none of them.
func TestVectorsAreLoadedOnce(t *testing.T) {
	const documents = 1000
	c := openBench(t, documents/100)
	scans := c.server.CountVectorScans()
	before := heap()
	for round := range 2 {
		var group errgroup.Group
		for range 40 {
			group.Go(func() error {
				found := c.send("c", vectorSearch())
				if len(found.ids()) != 10 || found.ids()[0] != benchID(7) {
					return fmt.Errorf("found %s", found.text)
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		require.EqualValues(t, round+1, scans.Load())
		if runtime.GOOS == "linux" {
			require.Less(t, heap()-before, int64(documents*benchDimension*4/5), "beside the vectors")
		}
		require.NoError(t, c.server.DropCaches())
	}
}

// TestSearchesWhileCachesGo drops what searches share, again and again while they run. Each
// finds all there is.
func TestSearchesWhileCachesGo(t *testing.T) {
	c := open(t, localastra.Options{Memory: true})
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2},"lexical":{"enabled":true,
		"analyzer":"standard"}}}}`)
	c.insert(`{"_id":1,"$vector":[1,0],"$lexical":"one"}`, `{"_id":2,"$vector":[0,1],"$lexical":"one two"}`)
	var group errgroup.Group
	for _, search := range []string{`{"find":{"sort":{"$vector":[1,0]}}}`, `{"find":{"sort":{"$lexical":"one"}}}`} {
		group.Go(func() error {
			for range 200 {
				if found := c.send("c", search); len(found.ids()) != 2 {
					return fmt.Errorf("found %s", found.text)
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		for range 200 {
			if err := c.server.DropCaches(); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, group.Wait())
}

// heap is how much is in use on the heap.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
