package connector

// SameValue compares two JSON texts by their meaning.
func SameValue(a, b []byte) bool { return sameValue(a, b) }
