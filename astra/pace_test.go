package astra_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/astra"
)

// queueing is a server that works on so many calls at a time and lets the others wait;
// what waits for too long is answered late.
type queueing struct {
	workers chan struct{}
	work    time.Duration

	mu     sync.Mutex
	flying int
	seen   []int // calls at a time, by call
}

func newQueueing(workers int, work time.Duration) *queueing {
	return &queueing{workers: make(chan struct{}, workers), work: work}
}

func (q *queueing) RoundTrip(r *http.Request) (*http.Response, error) {
	q.mu.Lock()
	q.flying++
	q.seen = append(q.seen, q.flying)
	n := len(q.seen)
	q.mu.Unlock()
	q.workers <- struct{}{}
	// Calls differ: every third takes more than twice as long.
	<-time.After(q.work + time.Duration(n%3)*q.work*2/3)
	<-q.workers
	q.mu.Lock()
	q.flying--
	q.mu.Unlock()
	return reply(`{"data":{"documents":[],"nextPageState":null}}`)(r, "")
}

// average is how many calls were under way in the later half.
func (q *queueing) average() float64 {
	later := q.seen[len(q.seen)/2:]
	sum := 0
	for _, n := range later {
		sum += n
	}
	return float64(sum) / float64(len(later))
}

// TestTheNumberOfCallsFollowsTheServer: it grows while the server does more with it, and
// not where further calls only wait.
func TestTheNumberOfCallsFollowsTheServer(t *testing.T) {
	for workers, want := range map[int][2]float64{1: {1, 5}, 4: {3, 8.5}, 8: {5.5, 13}, 64: {12, 16}} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newQueueing(workers, time.Second)
				coll := articles(t, server, calm)
				began := time.Now()
				const callers, each = 24, 50
				require.NoError(t, finds(t, coll, callers, each))
				require.GreaterOrEqual(t, server.average(), want[0])
				require.LessOrEqual(t, server.average(), want[1])
				ideal := callers * each * 5.0 / 3 / float64(min(workers, 16))
				require.Less(t, time.Since(began).Seconds(), 1.5*ideal, "the server is busy")
			})
		})
	}
}

// TestTroubleHalvesTheNumberOfCalls, a time-out as well as a 429.
func TestTroubleHalvesTheNumberOfCalls(t *testing.T) {
	for name, fault := range map[string]step{"429": answer(429, ""), "503": answer(503, ""), "time-out": hang} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				good := reply(`{"data":{"documents":[]}}`)
				client := newClient(t, script(fault, good), calm, func(o *astra.Options) { o.Concurrency = 12 })
				require.Equal(t, 12, client.Concurrency())
				_, err := find(t.Context(), client.Database("ks").Collection("c"))
				require.NoError(t, err)
				require.Equal(t, 6, client.Concurrency())
			})
		})
	}
}

// TestATraceMayCall while the write that it holds back has the only slot.
func TestATraceMayCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := script(answer(503, ""), reply(`{"data":{"documents":[]},"status":{"deletedCount":0}}`))
		coll := articles(t, server, calm, func(o *astra.Options) { o.Concurrency = 1 })
		ctx := astra.WithTrace(t.Context(), &astra.Trace{BeforeWrite: func(ctx context.Context) error {
			_, err := find(ctx, coll)
			return err
		}})
		var group errgroup.Group
		for range 5 {
			group.Go(func() error {
				_, err := coll.DeleteMany(ctx, map[string]any{"a": 1})
				return err
			})
		}
		require.NoError(t, group.Wait())
		require.Len(t, server.bodies, 1+5+5)
	})
}

// TestATraceIsAskedWhenTheTurnHasCome: what it says may be true for seconds only, and a
// pause may be longer.
func TestATraceIsAskedWhenTheTurnHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Duration
		began := time.Now()
		server := script(answer(429, "", "Retry-After", "60"), reply(`{"status":{"deletedCount":0}}`))
		ctx := astra.WithTrace(t.Context(), &astra.Trace{BeforeWrite: func(context.Context) error {
			asked = append(asked, time.Since(began).Truncate(time.Minute))
			return nil
		}})
		_, err := articles(t, server, calm).DeleteMany(ctx, map[string]any{"a": 1})
		require.NoError(t, err)
		require.Equal(t, []time.Duration{0, time.Minute}, asked)
	})
}
