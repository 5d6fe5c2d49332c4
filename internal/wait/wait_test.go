package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/internal/wait"
)

func TestTurnIsOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn, began := wait.NewTurn(), time.Now()
		count, group := 0, errgroup.Group{}
		for range 10 {
			group.Go(func() error {
				return turn.Do(t.Context(), func() error {
					before := count
					<-time.After(time.Second)
					count = before + 1
					return nil
				})
			})
		}
		require.NoError(t, group.Wait())
		require.Equal(t, 10, count)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestTurnHearsTheEndOfItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn, fault := wait.NewTurn(), errors.New("a fault")
		var group errgroup.Group
		group.Go(func() error {
			return turn.Do(t.Context(), func() error { <-time.After(time.Minute); return fault })
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := turn.Do(ctx, func() error { require.Fail(t, "somebody else has the turn"); return nil })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
		require.ErrorIs(t, group.Wait(), fault)
		require.NoError(t, turn.Do(t.Context(), func() error { return nil }), "an error gives the turn back")
	})
}

func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		ctx, end := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
		late, cancel := wait.Grace(ctx, 9*time.Second)
		defer cancel()
		require.Equal(t, "kept", late.Value(key{}))
		<-time.After(time.Hour)
		require.NoError(t, late.Err())

		ended := time.Now()
		end()
		<-late.Done()
		require.Equal(t, 9*time.Second, time.Since(ended))
	})
}

// TestGraceCancelled: cancel ends the context at once, before ctx has ended and after.
func TestGraceCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		before, cancelBefore := wait.Grace(ctx, time.Hour)
		after, cancelAfter := wait.Grace(ctx, time.Hour)
		cancelBefore()
		require.Error(t, before.Err())
		end()
		synctest.Wait()
		require.NoError(t, after.Err())
		cancelAfter()
		require.Error(t, after.Err())
	})
}

func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, wait.Until(ctx, done), context.DeadlineExceeded)
		time.AfterFunc(time.Minute, func() { close(done) })
		began := time.Now()
		require.NoError(t, wait.Until(t.Context(), done))
		require.Equal(t, time.Minute, time.Since(began))
	})
}
