package localastra_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

// TestContention lets many clients count in one document at the same time. Some lose,
// are told so, and changed nothing: the document counts the winners.
func TestContention(t *testing.T) {
	c := open(t, localastra.Options{Dir: t.TempDir()})
	c.must("", `{"createCollection":{"name":"c"}}`)
	c.insert(`{"_id":"hot","n":0}`)
	const writers, rounds = 64, 20
	var won, lost atomic.Int64
	for range rounds {
		var group errgroup.Group
		for range writers {
			group.Go(func() error {
				got := c.send("c", `{"updateOne":{"filter":{"_id":"hot"},"update":{"$inc":{"n":1}}}}`)
				switch status := fmt.Sprint(got.Status["matchedCount"], " ", got.Status["modifiedCount"], " ",
					got.codes()); status {
				case "1 1 []":
					won.Add(1)
				case "1 0 [FAILED_CONCURRENT_OPERATIONS]":
					lost.Add(1)
				default:
					return fmt.Errorf("unexpected %s", status)
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		if lost.Load() > 0 {
			break
		}
	}
	require.Positive(t, lost.Load(), "64 clients on one document, and none was too late")
	require.Positive(t, won.Load())
	require.Contains(t, c.must("c", `{"find":{}}`).documents()[0], fmt.Sprintf(`"n":%d}`, won.Load()))
	require.Empty(t, c.send("c", `{"updateOne":{"filter":{"_id":"hot"},"update":{"$inc":{"n":1}}}}`).codes(),
		"all calm again")
}

// TestContentionApart writes to one document each: nobody loses.
func TestContentionApart(t *testing.T) {
	c := open(t, localastra.Options{Dir: t.TempDir()})
	c.must("", `{"createCollection":{"name":"c"}}`)
	var group errgroup.Group
	for i := range 40 {
		group.Go(func() error {
			got := c.send("c", fmt.Sprintf(`{"findOneAndReplace":{"filter":{"_id":%d},"replacement":{"n":1},
				"options":{"upsert":true}}}`, i))
			if len(got.Errors) > 0 {
				return fmt.Errorf("%s", got.text)
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, "40", fmt.Sprint(c.must("c", `{"countDocuments":{}}`).Status["count"]))
}
