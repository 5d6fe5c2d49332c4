package models

import "slices"

// Model is what a provider documents about one of its models. A zero field is not
// documented.
type Model struct {
	// Dimension is the length of the vectors when the request asks for no other.
	Dimension int
	// Shortens tells that a request may ask for fewer dimensions.
	Shortens bool
	// Shorter are the only fewer dimensions that may be asked for, ascending; nil means any.
	Shorter []int
	// Window is the most tokens of one text.
	Window int
	// MaxTexts and MaxTokens are the most of one request.
	MaxTexts, MaxTokens int
	// DollarsPerMillion is the list price of a million tokens at PricesDate.
	DollarsPerMillion float64
	// Retired is the date since which the provider no longer serves the model,
	// "" while it does.
	Retired string
}

// Makes reports whether the model makes vectors of n dimensions.
func (m Model) Makes(n int) bool {
	switch {
	case n < 1 || n > m.Dimension:
		return false
	case n == m.Dimension:
		return true
	}
	return m.Shortens && (m.Shorter == nil || slices.Contains(m.Shorter, n))
}
