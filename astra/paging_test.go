package astra_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

func withCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

// pageOf is an answer to find.
func pageOf(state string, documents int) string {
	text, _ := json.Marshal(map[string]any{"data": map[string]any{
		"documents": slices.Repeat([]any{map[string]int{"n": 1}}, documents), "nextPageState": state}})
	return string(text)
}

// numbered answers the n-th request, counted from 0.
func numbered(answer func(n int) string) *server {
	n := -1
	return script(func(r *http.Request, body string) (*http.Response, error) {
		n++
		return reply(answer(n))(r, body)
	})
}

// loops are the calls that go on while the server says that there is more.
func loops(coll *astra.Collection) map[string]func(context.Context) error {
	filter := map[string]any{"a": 1}
	return map[string]func(context.Context) error{
		"find": func(ctx context.Context) error {
			return coll.FindAll(ctx, astra.FindQuery{Projection: map[string]int{"n": 1}},
				func(json.RawMessage) error { return nil })
		},
		"updateMany": func(ctx context.Context) error {
			_, err := coll.UpdateMany(ctx, filter, map[string]any{"$set": filter})
			return err
		},
		"deleteMany": func(ctx context.Context) error {
			_, err := coll.DeleteMany(ctx, filter)
			return err
		},
	}
}

// more is an answer that says so.
func more(loop, state string, brought int) string {
	switch loop {
	case "find":
		return pageOf(state, brought)
	case "deleteMany":
		return fmt.Sprintf(`{"status":{"deletedCount":%d,"moreData":true}}`, brought)
	}
	return fmt.Sprintf(`{"status":{"matchedCount":%d,"modifiedCount":0,"moreData":true,"nextPageState":%q}}`, brought, state)
}

// TestStatesThatRepeatEndTheLoop, whatever the length of the cycle, and whether the
// pages bring something or not.
func TestStatesThatRepeatEndTheLoop(t *testing.T) {
	for _, loop := range []string{"find", "updateMany"} {
		for _, cycle := range []int{1, 2, 3, 7, 100} {
			for _, brought := range []int{0, 1} {
				t.Run(fmt.Sprint(loop, " of ", cycle, " with ", brought), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						server := numbered(func(n int) string { return more(loop, fmt.Sprint("s", n%cycle), brought) })
						err := loops(articles(t, server, calm))[loop](t.Context())
						require.ErrorIs(t, err, astra.ErrSamePage)
						require.Contains(t, err.Error(), "astra: "+loop+" ks.articles")
						require.LessOrEqual(t, len(server.bodies), 4*cycle+2)
					})
				})
			}
		}
	}
}

// TestPagesThatNeverEndAndBringNothing end with the patience, and are asked for slowly.
func TestPagesThatNeverEndAndBringNothing(t *testing.T) {
	for _, loop := range []string{"find", "updateMany", "deleteMany"} {
		t.Run(loop, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				server := numbered(func(n int) string { return more(loop, fmt.Sprint("s", n), 0) })
				err := loops(articles(t, server, calm))[loop](t.Context())
				require.ErrorIs(t, err, astra.ErrNoProgress)
				require.True(t, asError(t, err).Retryable())
				require.InDelta(t, 5*time.Minute, time.Since(began), float64(time.Second))
				require.Less(t, len(server.bodies), 1300)
			})
		})
	}
}

// TestEmptyPagesAreNotTheEnd.
func TestEmptyPagesAreNotTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := numbered(func(n int) string {
			if n == 500 {
				return pageOf("", 2)
			}
			return pageOf(fmt.Sprint("s", n), n%50/49) // one document on every 50th page
		})
		found := 0
		err := articles(t, server, calm).FindAll(t.Context(), astra.FindQuery{Projection: map[string]int{"n": 1}},
			func(json.RawMessage) error { found++; return nil })
		require.NoError(t, err)
		require.Equal(t, 12, found)
	})
}

// TestManyFullPagesCostNoPause.
func TestManyFullPagesCostNoPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := numbered(func(n int) string {
			if n == 2000 {
				return `{"status":{"deletedCount":20}}`
			}
			return more("deleteMany", "", 20)
		})
		began := time.Now()
		deleted, err := articles(t, server, calm).DeleteMany(t.Context(), map[string]any{"a": 1})
		require.NoError(t, err)
		require.Equal(t, 20*2001, deleted)
		require.Zero(t, time.Since(began))
	})
}

// TestAContextEndsAPause between pages.
func TestAContextEndsAPause(t *testing.T) {
	for _, loop := range []string{"find", "updateMany", "deleteMany"} {
		t.Run(loop, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := withCancel(t)
				time.AfterFunc(20*time.Second+time.Millisecond, cancel)
				began := time.Now()
				server := numbered(func(n int) string { return more(loop, fmt.Sprint("s", n), 0) })
				require.ErrorIs(t, loops(articles(t, server, calm))[loop](ctx), context.Canceled)
				require.Equal(t, 20*time.Second+time.Millisecond, time.Since(began))
			})
		})
	}
}

// TestAPagingOfOnesOwn needs no settings.
func TestAPagingOfOnesOwn(t *testing.T) {
	var p astra.Paging
	more, err := p.Next(t.Context(), "", 0)
	require.NoError(t, err)
	require.False(t, more)
	more, err = p.Next(t.Context(), "s", 1)
	require.NoError(t, err)
	require.True(t, more)
	_, err = p.Next(t.Context(), "s", 1)
	require.ErrorIs(t, err, astra.ErrSamePage)
}
