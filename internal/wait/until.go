package wait

import "context"

// Until returns nil once done is closed, and ctx's error when ctx ended before.
func Until(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
