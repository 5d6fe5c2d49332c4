package localastra

// vectorBlock is the memory of some vectors, of a capacity that does not change. It lies
// outside of the heap where the system allows: the garbage collector lets a heap grow to
// twice of what is in use, and these are gigabytes that it never has to look at. The memory
// goes with its block, so that nobody may keep a part of floats longer.
type vectorBlock struct{ floats []float32 }

// heapBlock makes a block on the heap.
func heapBlock(floats int) *vectorBlock { return &vectorBlock{make([]float32, 0, floats)} }
