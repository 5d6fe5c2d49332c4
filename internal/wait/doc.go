// Package wait has the ways in which this program's waiting goes by a context: [Turn] is a lock
// whose waiters hear the end of theirs, [Until] waits for a channel in the same way, and [Grace]
// is a context that outlives another one for a time.
package wait
