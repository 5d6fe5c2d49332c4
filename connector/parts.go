package connector

import (
	"slices"

	"destination-astra/astra"
)

// Bounds on the vectors that a batch holds at a time. A batch of many records has few
// more documents than one call takes; one record may have any number of chunks.
const (
	maxPartBytes = 8 << 20
	vectorShare  = 32 // of the memory budget, for twice as many batches as are in flight
)

// parts cuts the missing documents into those whose vectors are held at the same time,
// one call's worth at least. What belongs to a record that was refused meanwhile is
// left out.
func (a *applier) parts(missing []change) func(yield func([]change) bool) {
	size := astra.MaxInsertDocuments
	if a.embedder != nil {
		bytes := min(a.memory/vectorShare, maxPartBytes)
		size = max(size, int(bytes)/(4*a.embedder.Dimension()))
	}
	isRefused := func(c change) bool { return c.version.refused != nil }
	return func(yield func([]change) bool) {
		for len(missing) > 0 {
			part := slices.Clone(missing[:min(size, len(missing))])
			missing = missing[len(part):]
			if part = slices.DeleteFunc(part, isRefused); len(part) > 0 && !yield(part) {
				return
			}
		}
	}
}
