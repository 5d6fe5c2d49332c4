// Package quote cuts what a message repeats of somebody else's words.
package quote
