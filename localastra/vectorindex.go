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

// blockVectors is how many vectors share one block. Blocks keep a growing collection
// from being copied, and from taking more memory than its vectors need.
const blockVectors = 1024

// vectorIndex holds the vectors of a collection side by side for exact scans. It takes
// 4 bytes for each dimension of each vector and some 40 bytes for each vector.
type vectorIndex struct {
	dimension int
	metric    string
	seqs      []uint64
	blocks    []*vectorBlock // each but the last is full
	norms     []float32
	at        map[uint64]int // sequence number to position
}

// newVectorIndex makes an empty index for a collection's dimension and metric.
func newVectorIndex(o *vectorOptions) *vectorIndex {
	return &vectorIndex{dimension: o.dimension, metric: o.metric, at: map[uint64]int{}}
}

// row is the vector at a position. It points into a block, so it is valid under the
// store's lock only.
func (x *vectorIndex) row(i int) []float32 {
	start := i % blockVectors * x.dimension
	return x.blocks[i/blockVectors].floats[start : start+x.dimension : start+x.dimension]
}

// set adds a vector, or changes the one that the document had.
func (x *vectorIndex) set(seq uint64, floats []float32) {
	i, known := x.at[seq]
	if !known {
		x.at[seq] = len(x.seqs)
		x.seqs = append(x.seqs, seq)
		x.norms = append(x.norms, norm(floats))
		x.grow(floats)
		return
	}
	copy(x.row(i), floats)
	x.norms[i] = norm(floats)
}

// grow appends a row.
func (x *vectorIndex) grow(floats []float32) {
	end := len(x.blocks) - 1
	if end < 0 || len(x.blocks[end].floats) == blockVectors*x.dimension {
		x.blocks = append(x.blocks, newVectorBlock(blockVectors*x.dimension))
		end++
	}
	x.blocks[end].floats = append(x.blocks[end].floats, floats...)
}

// remove moves the last vector into the gap.
func (x *vectorIndex) remove(seq uint64) {
	i, known := x.at[seq]
	if !known {
		return
	}
	end := len(x.seqs) - 1
	x.seqs[i], x.norms[i] = x.seqs[end], x.norms[end]
	copy(x.row(i), x.row(end))
	x.at[x.seqs[i]] = i
	delete(x.at, seq)
	x.seqs, x.norms = x.seqs[:end], x.norms[:end]
	last := len(x.blocks) - 1
	block := x.blocks[last]
	if block.floats = block.floats[:len(block.floats)-x.dimension]; len(block.floats) == 0 {
		x.blocks[last], x.blocks = nil, x.blocks[:last]
	}
}

// scored is a document and its similarity to what was asked for.
type scored struct {
	seq        uint64
	similarity float32
}

// nearest returns the limit most similar documents, best first, of all or of some. Only
// those that may be found are compared: of a filter that leaves ten, ten are.
func (x *vectorIndex) nearest(query []float32, limit int, among selection) []scored {
	best := make([]scored, 0, min(limit, len(x.seqs))+1)
	queryNorm := norm(query)
	rank := func(i int) {
		s := scored{x.seqs[i], x.similarity(i, query, queryNorm)}
		if len(best) == limit && compareScored(s, best[limit-1]) >= 0 {
			return
		}
		at, _ := slices.BinarySearchFunc(best, s, compareScored)
		best = slices.Insert(best, at, s)
		best = best[:min(limit, len(best))]
	}
	if among.all {
		for i := range x.seqs {
			rank(i)
		}
		return best
	}
	for _, seq := range among.seqs {
		if i, has := x.at[seq]; has {
			rank(i)
		}
	}
	return best
}

// compareScored orders by similarity, the highest first, and equal ones by age, so that
// the same search always gives the same answer.
func compareScored(a, b scored) int {
	return cmp.Or(cmp.Compare(b.similarity, a.similarity), cmp.Compare(a.seq, b.seq))
}

// similarity is scaled as Cassandra scales it: 1 for equal vectors, 0 for the farthest.
// Scores of different metrics cannot be compared. Those of dot_product leave the range
// from 0 to 1 when vectors are not normalised.
func (x *vectorIndex) similarity(i int, query []float32, queryNorm float32) float32 {
	v := x.row(i)
	switch x.metric {
	case metricDotProduct:
		return (1 + dot(v, query)) / 2
	case metricEuclidean:
		return 1 / (1 + squaredDistance(v, query))
	default:
		return (1 + dot(v, query)/(x.norms[i]*queryNorm)) / 2
	}
}

// dot is the scalar product: its speed is that of a vector search. It adds up in four
// lanes, which the processor runs side by side; eight were slower when measured.
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

// squaredDistance is the square of the euclidean distance, which needs no root: the
// similarity is made from it as it is.
func squaredDistance(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		x, y := (*[4]float32)(a), (*[4]float32)(b)
		d0, d1, d2, d3 := x[0]-y[0], x[1]-y[1], x[2]-y[2], x[3]-y[3]
		s0 += d0 * d0
		s1 += d1 * d1
		s2 += d2 * d2
		s3 += d3 * d3
		a, b = a[4:], b[4:]
	}
	for i := range a {
		d := a[i] - b[i]
		s0 += d * d
	}
	return s0 + s1 + s2 + s3
}

// norm is the length of a vector. It is kept for each stored vector, so that a cosine
// search costs no more than a scalar product.
func norm(v []float32) float32 { return float32(math.Sqrt(float64(dot(v, v)))) }
