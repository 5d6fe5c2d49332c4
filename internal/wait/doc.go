// Package wait has the two ways in which this program's waiting goes by a context: [Turn] is a
// lock whose waiters hear the end of theirs, and [Grace] a context that outlives another one for
// a time.
package wait
