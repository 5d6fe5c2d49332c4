package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// model is what a provider documents about one of its embedding models.
type model struct {
	dimension int   // unless the request asks for another one
	others    []int // the only other ones that may be asked for
	shortens  bool  // any smaller one may be asked for
}

// openAIModels are the models of the OpenAI API reference, "Embeddings".
var openAIModels = map[string]model{
	"text-embedding-ada-002": {dimension: 1536},
	"text-embedding-3-small": {dimension: 1536, shortens: true},
	"text-embedding-3-large": {dimension: 3072, shortens: true},
}

// cohereModels are the models of Cohere's documentation, "Embed".
var cohereModels = map[string]model{
	"embed-english-v2.0":            {dimension: 4096},
	"embed-english-light-v2.0":      {dimension: 1024},
	"embed-multilingual-v2.0":       {dimension: 768},
	"embed-english-v3.0":            {dimension: 1024},
	"embed-english-light-v3.0":      {dimension: 384},
	"embed-multilingual-v3.0":       {dimension: 1024},
	"embed-multilingual-light-v3.0": {dimension: 384},
	"embed-v4.0":                    {dimension: 1536, others: []int{256, 512, 1024}},
}

// maxTypos is how far a name may be from a known one to be taken for a slip of it.
const maxTypos = 3

// suggestion names the known model that name is nearest to; "" when none is near.
func suggestion(name string, known map[string]model) string {
	best, least := "", maxTypos+1
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
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
func (m model) refuse(name string, n int) string {
	if n == m.dimension || slices.Contains(m.others, n) || (m.shortens && n < m.dimension) {
		return ""
	}
	switch {
	case m.shortens:
		return fmt.Sprintf("is %d, but %s makes at most %d; use a whole number from 1 to %d",
			n, name, m.dimension, m.dimension)
	case len(m.others) > 0:
		return fmt.Sprintf("is %d, which %s cannot make; use %s or %d",
			n, name, strings.Trim(fmt.Sprint(m.others), "[]"), m.dimension)
	default:
		return fmt.Sprintf("is %d, but %s always makes %d; remove this setting or choose another model",
			n, name, m.dimension)
	}
}
