package retry_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/retry"
)

type failure struct {
	retryable bool
	after     time.Duration
}

func (f *failure) Error() string             { return "failure" }
func (f *failure) Retryable() bool           { return f.retryable }
func (f *failure) RetryAfter() time.Duration { return f.after }

// script fails with the given errors in turn and then succeeds.
func script(failures ...error) (op func(context.Context, int) error, calls *int) {
	calls = new(int)
	return func(_ context.Context, attempt int) error {
		*calls++
		if attempt != *calls {
			return fmt.Errorf("attempt %d in call %d", attempt, *calls)
		}
		if attempt <= len(failures) {
			return failures[attempt-1]
		}
		return nil
	}, calls
}

func TestDoCallsUntilTheErrorIsNotRetryable(t *testing.T) {
	again := &failure{retryable: true}
	final := &failure{}
	plain := errors.New("plain")
	for name, test := range map[string]struct {
		policy   retry.Policy
		failures []error
		calls    int
		want     error
	}{
		"success at once":   {calls: 1},
		"success after two": {failures: []error{again, again}, calls: 3},
		"not retryable":     {failures: []error{again, final}, calls: 2, want: final},
		"no opinion":        {failures: []error{plain}, calls: 1, want: plain},
		"wrapped":           {failures: []error{fmt.Errorf("wrap: %w", again)}, calls: 2},
		"one attempt": {
			policy: retry.Policy{MaxAttempts: 1}, failures: []error{again}, calls: 1, want: again,
		},
		"attempts run out": {
			policy: retry.Policy{MaxAttempts: 3}, failures: repeated(again, 4), calls: 3, want: again,
		},
		"attempts have no bound": {
			policy: retry.Policy{Max: time.Second}, failures: repeated(again, 200), calls: 201,
		},
		"server's wish passes the budget": {
			failures: []error{&failure{true, 6 * time.Minute}}, calls: 1, want: &failure{true, 6 * time.Minute},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				op, calls := script(test.failures...)
				err := retry.Do(t.Context(), test.policy, op)
				require.Equal(t, test.want, err)
				require.Equal(t, test.calls, *calls)
			})
		})
	}
}

func repeated(err error, n int) []error {
	all := make([]error, n)
	for i := range all {
		all[i] = err
	}
	return all
}

func TestWaitsStayUnderADoublingCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := retry.Policy{MaxAttempts: 10, Base: time.Second, Max: 5 * time.Second, Budget: time.Hour}
		ceilings := []time.Duration{1, 2, 4, 5, 5, 5, 5, 5, 5}
		drawn := map[time.Duration]bool{}
		policy.OnRetry = func(e retry.Event) {
			require.LessOrEqual(t, e.Wait, ceilings[e.Attempt-1]*time.Second)
			require.Error(t, e.Err)
			drawn[e.Wait] = true
		}
		start := time.Now()
		op, _ := script(repeated(&failure{retryable: true}, 9)...)
		require.NoError(t, retry.Do(t.Context(), policy, op))
		var sum time.Duration
		for wait := range drawn {
			sum += wait
		}
		require.Equal(t, sum, time.Since(start), "what OnRetry was told is what was waited")
		require.Greater(t, len(drawn), 5, "waits are drawn, not fixed")
		require.Greater(t, slices.Max(slices.Collect(maps.Keys(drawn))), policy.Base, "the ceiling grows")
	})
}

func TestRetryAfterIsAFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		op, _ := script(&failure{retryable: true, after: 40 * time.Second})
		require.NoError(t, retry.Do(t.Context(), retry.Policy{Max: time.Second}, op))
		waited := time.Since(start)
		require.GreaterOrEqual(t, waited, 40*time.Second)
		require.LessOrEqual(t, waited, 40*time.Second+retry.DefaultBase)
	})
}

func TestBudgetBoundsTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		calls := 0
		err := retry.Do(t.Context(), retry.Policy{MaxAttempts: 1000, Budget: time.Minute},
			func(context.Context, int) error {
				calls++
				<-time.After(10 * time.Second) // synthetic time: a slow attempt
				return &failure{retryable: true}
			})
		require.Error(t, err)
		require.LessOrEqual(t, time.Since(start), 70*time.Second)
		require.Greater(t, calls, 2)
	})
}

// TestAnOutageOfAlmostTheBudgetIsSurvived: time decides, and the last attempt begins
// when it is up.
func TestAnOutageOfAlmostTheBudgetIsSurvived(t *testing.T) {
	for outage, survived := range map[time.Duration]bool{
		10 * time.Second: true, 4*time.Minute + 59*time.Second: true, 5*time.Minute + time.Second: false,
	} {
		t.Run(outage.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				err := retry.Do(t.Context(), retry.Policy{}, func(context.Context, int) error {
					if time.Since(start) < outage {
						return &failure{retryable: true}
					}
					return nil
				})
				require.Equal(t, survived, err == nil)
				require.GreaterOrEqual(t, time.Since(start), min(outage, retry.DefaultBudget))
				require.LessOrEqual(t, time.Since(start), min(outage+retry.DefaultMax, retry.DefaultBudget))
			})
		})
	}
}

// TestSinceMovesTheBudget: a client says so of failures that are not about this call.
func TestSinceMovesTheBudget(t *testing.T) {
	for name, test := range map[string]struct {
		since time.Duration // after the start
		want  time.Duration
	}{
		"later":            {40 * time.Second, 100 * time.Second},
		"before the start": {-time.Hour, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				policy := retry.Policy{
					Budget: time.Minute,
					Since:  func(int, error) time.Time { return start.Add(test.since) },
				}
				op, _ := script(repeated(&failure{retryable: true}, 1000)...)
				require.Error(t, retry.Do(t.Context(), policy, op))
				require.Equal(t, test.want, time.Since(start))
			})
		})
	}
}

// TestSlowAttemptsAreNotRepeatedInStep: what timed out at the same moment is spread
// over a part of the time that it took.
func TestSlowAttemptsAreNotRepeatedInStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var waits []time.Duration
		policy := retry.Policy{OnRetry: func(e retry.Event) {
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, e.Wait)
		}}
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				_ = retry.Do(t.Context(), policy, func(_ context.Context, attempt int) error {
					if attempt > 1 {
						return nil
					}
					<-time.After(20 * time.Second)
					return &failure{retryable: true}
				})
			})
		}
		group.Wait()
		slices.Sort(waits)
		require.Len(t, waits, 50)
		require.LessOrEqual(t, waits[49], 5*time.Second)
		require.Greater(t, waits[25], time.Second, "half of them are far from the first")
	})
}

func TestCancelEndsAWaitAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		last := &failure{retryable: true, after: time.Minute}
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		op, calls := script(repeated(last, 5)...)
		err := retry.Do(ctx, retry.Policy{}, op)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, last)
		require.Equal(t, 1, *calls)
		require.Equal(t, time.Second, time.Since(start))
	})
}

func TestCancelDuringAnAttemptIsNotRepeated(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := retry.Do(ctx, retry.Policy{}, func(context.Context, int) error {
		calls++
		cancel()
		return &failure{retryable: true}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "context canceled (after: failure)", err.Error())
	require.Equal(t, 1, calls)

	require.Equal(t, context.Canceled, retry.Do(ctx, retry.Policy{}, func(context.Context, int) error {
		return errors.New("a dead context must not reach the operation")
	}))
}

func TestADeadlineTooNearIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		last := &failure{retryable: true, after: time.Minute}
		op, _ := script(last)
		require.Equal(t, last, retry.Do(ctx, retry.Policy{}, op))
		require.Zero(t, time.Since(start))
	})
}

func TestAccessors(t *testing.T) {
	require.False(t, retry.Retryable(nil))
	require.Zero(t, retry.After(errors.New("plain")))
	require.Zero(t, retry.After(&failure{after: -time.Second}))
	require.Equal(t, time.Second, retry.After(fmt.Errorf("x: %w", &failure{after: time.Second})))
}

type busy struct{}

func (busy) Error() string   { return "server is busy" }
func (busy) Retryable() bool { return true }

func ExampleDo() {
	policy := retry.Policy{MaxAttempts: 3, Base: time.Millisecond}
	err := retry.Do(context.Background(), policy, func(_ context.Context, attempt int) error {
		fmt.Println("attempt", attempt)
		if attempt < 3 {
			return busy{}
		}
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// attempt 1
	// attempt 2
	// attempt 3
	// error: <nil>
}
