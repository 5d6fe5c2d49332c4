//go:build !(linux || darwin || freebsd)

package localastra

// newVectorBlock makes a block for so many floats.
func newVectorBlock(floats int) *vectorBlock { return heapBlock(floats) }
