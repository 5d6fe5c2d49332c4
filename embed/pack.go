package embed

// budget is how much one request may hold. Zero fields do not limit.
type budget struct {
	texts int
	bytes int
}

// next returns how many of the leading texts go into the next request: as many as
// the budget allows, and at least one, since a text that exceeds it alone can only
// be sent alone.
func (b budget) next(texts []string) int {
	size := 0
	for i, text := range texts {
		size += len(text)
		full := b.texts > 0 && i >= b.texts || b.bytes > 0 && size > b.bytes
		if full && i > 0 {
			return i
		}
	}
	return len(texts)
}
