package spec

import (
	"fmt"
	"strings"

	"destination-astra/internal/models"
)

// maxTypos is how far a name may be from a known one to be taken for a slip of it.
const maxTypos = 3

// suggestion names the provider's known model that name is nearest to; "" when none is near.
func suggestion(provider, name string) string {
	best, least := "", maxTypos+1
	for _, candidate := range models.Names(provider) {
		if d := distance(strings.ToLower(name), candidate); d < least {
			best, least = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; the nearest one that it knows is %q", best)
}

// distance is the least number of letters to change, add or take away to get from a to b; more
// than maxTypos when their lengths differ by more.
func distance(a, b string) int {
	if max(len(a), len(b))-min(len(a), len(b)) > maxTypos {
		return maxTypos + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// refuse says why the model called name cannot make vectors of n dimensions. It returns
// nothing when it can.
func refuse(m models.Model, name string, n int) string {
	switch {
	case m.Makes(n):
		return ""
	case len(m.Shorter) > 0:
		return fmt.Sprintf("is %d, which %s cannot make; use %s or %d",
			n, name, strings.Trim(fmt.Sprint(m.Shorter), "[]"), m.Dimension)
	case m.Shortens:
		return fmt.Sprintf("is %d, but %s makes at most %d; use a whole number from 1 to %d",
			n, name, m.Dimension, m.Dimension)
	default:
		return fmt.Sprintf("is %d, but %s always makes %d; remove this setting or choose another model",
			n, name, m.Dimension)
	}
}
