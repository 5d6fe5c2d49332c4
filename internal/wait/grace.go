package wait

import (
	"context"
	"time"
)

// Grace returns a context with ctx's values that ends d after ctx does, or when cancel is
// called, which frees its timer. It has no deadline: nobody knows when ctx will end.
func Grace(ctx context.Context, d time.Duration) (late context.Context, cancel context.CancelFunc) {
	late, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(d, end)
		context.AfterFunc(late, func() { timer.Stop() })
	})
	return late, func() { stop(); end() }
}
