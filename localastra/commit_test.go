package localastra_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

// readEverything is all that a client can see of the collection c: the settings, the
// documents, and what the indexes find.
func readEverything(c caller) []string {
	c.t.Helper()
	return []string{
		c.general(`{"findKeyspaces":{}}`).text,
		c.must("", `{"findCollections":{"options":{"explain":true}}}`).text,
		c.must("c", `{"find":{"projection":{"*":1}}}`).text,
		c.must("c", `{"find":{"filter":{"n":{"$gte":0}}}}`).text,
		c.must("c", `{"find":{"sort":{"$vector":[1,0.5]},"options":{"includeSimilarity":true}}}`).text,
		c.must("c", `{"find":{"sort":{"$lexical":"fox dog"}}}`).text,
		c.must("c", `{"countDocuments":{}}`).text,
	}
}

// TestFailedCommit refuses the commit of each command that writes. A client that was told
// of success would never send the write again: what it holds would be lost. What the
// server shows afterwards is what was there before, in every index.
func TestFailedCommit(t *testing.T) {
	commands := map[string]struct{ path, command string }{
		"createKeyspace":    {"", `{"createKeyspace":{"name":"other"}}`},
		"dropKeyspace":      {"", `{"dropKeyspace":{"name":"second"}}`},
		"createCollection":  {"/" + keyspace, `{"createCollection":{"name":"other"}}`},
		"deleteCollection":  {"/" + keyspace, `{"deleteCollection":{"name":"c"}}`},
		"insertOne":         {"/" + documents, `{"insertOne":{"document":{"_id":"new","n":9,"$vector":[1,1],"$lexical":"fox"}}}`},
		"insertMany":        {"/" + documents, `{"insertMany":{"documents":[{"_id":"new","n":9},{"_id":"a"},{"_id":"newer"}]}}`},
		"insertMany any":    {"/" + documents, `{"insertMany":{"documents":[{"_id":"new"},{"_id":"a"}],"options":{"ordered":false}}}`},
		"updateOne":         {"/" + documents, `{"updateOne":{"filter":{"_id":"a"},"update":{"$set":{"n":5,"$vector":[0,1]}}}}`},
		"upsert":            {"/" + documents, `{"updateOne":{"filter":{"_id":"u"},"update":{"$set":{"n":5}},"options":{"upsert":true}}}`},
		"updateMany":        {"/" + documents, `{"updateMany":{"filter":{},"update":{"$set":{"n":5,"$lexical":"dog"}}}}`},
		"findOneAndUpdate":  {"/" + documents, `{"findOneAndUpdate":{"filter":{"_id":"a"},"update":{"$inc":{"n":5}}}}`},
		"findOneAndReplace": {"/" + documents, `{"findOneAndReplace":{"filter":{"_id":"a"},"replacement":{"m":1}}}`},
		"findOneAndDelete":  {"/" + documents, `{"findOneAndDelete":{"filter":{"_id":"a"}}}`},
		"deleteOne":         {"/" + documents, `{"deleteOne":{"filter":{"_id":"a"}}}`},
		"deleteMany":        {"/" + documents, `{"deleteMany":{"filter":{"n":{"$gt":0}}}}`},
		"deleteMany of all": {"/" + documents, `{"deleteMany":{}}`},
	}
	for name, test := range commands {
		t.Run(name, func(t *testing.T) {
			c := open(t, localastra.Options{Dir: t.TempDir()})
			full := false
			c.server.FailCommits(func() error {
				if full {
					return errors.New("the disk is full")
				}
				return nil
			})
			c.general(`{"createKeyspace":{"name":"second"}}`)
			c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2}}}}`)
			c.insert(`{"_id":"a","n":1,"$vector":[1,0],"$lexical":"fox"}`, `{"_id":"b","n":2,"$lexical":"dog"}`)
			before := readEverything(c)

			full = true
			got := c.post(test.path, test.command)
			require.Equal(t, []string{"UNEXPECTED_SERVER_ERROR"}, got.codes(), got.text)
			require.Contains(t, got.text, "the disk is full")
			require.Nil(t, got.Data, "nothing of a write that failed is told")
			require.NotContains(t, got.text, `"new"`)
			require.NotContains(t, got.text, `Count":1`)
			require.Equal(t, before, readEverything(c))

			full = false
			require.Equal(t, before, readEverything(c))
			c.insert(`{"_id":"after","n":3,"$vector":[0,1],"$lexical":"dog"}`)
			require.Equal(t, []any{"after"}, c.must("c", `{"find":{"filter":{"n":3}}}`).ids())
		})
	}
}

// TestFailedSharedCommit lets many clients write at once, so that they share transactions,
// while every third commit fails. Whoever was told of success finds the document, whoever
// was not does not: nobody fails or succeeds for a neighbour's reason.
func TestFailedSharedCommit(t *testing.T) {
	c := open(t, localastra.Options{Dir: t.TempDir()})
	c.must("", `{"createCollection":{"name":"c"}}`)
	var commits atomic.Int64
	c.server.FailCommits(func() error {
		if commits.Add(1)%3 == 0 {
			return errors.New("now and then")
		}
		return nil
	})
	const clients, each = 8, 25
	var stored [clients * each]bool
	var group errgroup.Group
	for client := range clients {
		group.Go(func() error {
			for i := range each {
				n := client*each + i
				got := c.send("c", fmt.Sprintf(`{"insertOne":{"document":{"_id":%d}}}`, n))
				stored[n] = len(got.Errors) == 0
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	successes := 0
	for n, told := range stored {
		found := c.must("c", fmt.Sprintf(`{"find":{"filter":{"_id":%d}}}`, n)).ids()
		require.Equal(t, told, len(found) == 1, "document %d", n)
		if told {
			successes++
		}
	}
	require.Greater(t, successes, clients, "most commits are good")
	require.Less(t, successes, clients*each, "some are not")
}
