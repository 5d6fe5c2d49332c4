package explorer

import (
	"cmp"
	"math"
	"slices"
)

// pcaRounds is how often power iteration multiplies: enough for a picture.
const pcaRounds = 30

// project2D returns the coordinates of rows along their first two principal
// components. It uses rows up. The same rows give the same picture.
func project2D(rows [][]float32) [][2]float32 {
	points := make([][2]float32, len(rows))
	if len(rows) == 0 {
		return points
	}
	centre(rows)
	for axis := range 2 {
		direction := principal(rows)
		for i, row := range rows {
			points[i][axis] = dot(row, direction)
			addScaled(row, direction, -points[i][axis]) // the next axis is at right angles
		}
	}
	return points
}

// centre moves the mean of rows to the origin.
func centre(rows [][]float32) {
	mean := make([]float32, len(rows[0]))
	for _, row := range rows {
		for i, x := range row {
			mean[i] += x / float32(len(rows))
		}
	}
	for _, row := range rows {
		for i := range row {
			row[i] -= mean[i]
		}
	}
}

// principal finds the direction of the greatest variance. It never builds the
// covariance matrix: with 1536 dimensions that would be larger than the rows.
func principal(rows [][]float32) []float32 {
	direction := start(rows)
	for range pcaRounds {
		next := make([]float32, len(direction))
		for _, row := range rows {
			addScaled(next, row, dot(row, direction))
		}
		length := float32(math.Sqrt(float64(dot(next, next))))
		if length == 0 {
			return next // all points are in one place
		}
		for i := range next {
			next[i] /= length
		}
		direction = next
	}
	return direction
}

// start is the longest row: it cannot be at right angles to every direction in which
// the rows differ.
func start(rows [][]float32) []float32 {
	return slices.Clone(slices.MaxFunc(rows, func(a, b []float32) int { return cmp.Compare(dot(a, a), dot(b, b)) }))
}

// dot is the scalar product of two vectors of one length.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var sum float32
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// addScaled adds factor times v to sum.
func addScaled(sum, v []float32, factor float32) {
	v = v[:len(sum)]
	for i := range sum {
		sum[i] += factor * v[i]
	}
}
