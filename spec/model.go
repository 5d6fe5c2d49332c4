package spec

import (
	"fmt"
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
