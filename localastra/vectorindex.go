package localastra

import (
	"cmp"
	"math"
	"slices"
)

// Metrics of createCollection.
const (
	metricCosine     = "cosine"
	metricDotProduct = "dot_product"
	metricEuclidean  = "euclidean"
)

// vectorIndex holds the vectors of a collection side by side for exact scans.
type vectorIndex struct {
	dimension int
	metric    string
	seqs      []uint64
	floats    []float32 // len(seqs) * dimension
	norms     []float32
	at        map[uint64]int
}

func newVectorIndex(o *vectorOptions) *vectorIndex {
	return &vectorIndex{dimension: o.dimension, metric: o.metric, at: map[uint64]int{}}
}

func (x *vectorIndex) set(seq uint64, floats []float32) {
	i, known := x.at[seq]
	if !known {
		i = len(x.seqs)
		x.at[seq] = i
		x.seqs = append(x.seqs, seq)
		x.floats = append(x.floats, floats...)
		x.norms = append(x.norms, norm(floats))
		return
	}
	copy(x.floats[i*x.dimension:], floats)
	x.norms[i] = norm(floats)
}

// remove moves the last vector into the gap.
func (x *vectorIndex) remove(seq uint64) {
	i, known := x.at[seq]
	if !known {
		return
	}
	end := len(x.seqs) - 1
	x.seqs[i], x.norms[i] = x.seqs[end], x.norms[end]
	copy(x.floats[i*x.dimension:(i+1)*x.dimension], x.floats[end*x.dimension:])
	x.at[x.seqs[i]] = i
	delete(x.at, seq)
	x.seqs, x.norms, x.floats = x.seqs[:end], x.norms[:end], x.floats[:end*x.dimension]
}

// scored is a document and its similarity to what was asked for.
type scored struct {
	seq        uint64
	similarity float32
}

// nearest returns the limit most similar documents, best first, among those that
// keep accepts; a nil keep accepts all.
func (x *vectorIndex) nearest(query []float32, limit int, keep func(seq uint64) bool) []scored {
	best := make([]scored, 0, min(limit, len(x.seqs))+1)
	queryNorm := norm(query)
	for i, seq := range x.seqs {
		s := scored{seq, x.similarity(i, query, queryNorm)}
		if len(best) == limit && compareScored(s, best[limit-1]) >= 0 || keep != nil && !keep(seq) {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, s, compareScored)
		best = slices.Insert(best, at, s)
		best = best[:min(limit, len(best))]
	}
	return best
}

func compareScored(a, b scored) int {
	return cmp.Or(cmp.Compare(b.similarity, a.similarity), cmp.Compare(a.seq, b.seq))
}

// similarity is scaled as Cassandra scales it: 1 for equal vectors, 0 for the farthest.
func (x *vectorIndex) similarity(i int, query []float32, queryNorm float32) float32 {
	v := x.floats[i*x.dimension : (i+1)*x.dimension]
	switch x.metric {
	case metricDotProduct:
		return (1 + dot(v, query)) / 2
	case metricEuclidean:
		return 1 / (1 + squaredDistance(v, query))
	default:
		return (1 + dot(v, query)/(x.norms[i]*queryNorm)) / 2
	}
}

// dot adds up in four lanes, which the processor can run side by side.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

func squaredDistance(a, b []float32) float32 {
	b = b[:len(a)]
	var sum float32
	for i := range a {
		d := a[i] - b[i]
		sum += d * d
	}
	return sum
}

func norm(v []float32) float32 { return float32(math.Sqrt(float64(dot(v, v)))) }
