package document

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// AppendBinary appends {"$binary": "..."}, a vector as the Data API takes it: the standard
// base64, with padding, of big-endian float32.
func AppendBinary(dst []byte, vector []float32) []byte {
	dst = append(dst, `{"$binary":"`...)
	dst = slices.Grow(dst, base64.StdEncoding.EncodedLen(4*len(vector))+2)
	var block [3 * 256]byte // whole groups of three: no padding before the last block
	for rest := vector; len(rest) > 0; {
		n := min(len(rest), len(block)/4)
		for i, f := range rest[:n] {
			binary.BigEndian.PutUint32(block[4*i:], math.Float32bits(f))
		}
		dst = base64.StdEncoding.AppendEncode(dst, block[:4*n])
		rest = rest[n:]
	}
	return append(dst, `"}`...)
}

// binaryLen is the number of bytes that a vector adds to a document as its $vector.
func binaryLen(dimension int) int {
	if dimension <= 0 {
		return 0
	}
	return len(`"$vector":{"$binary":""},`) + base64.StdEncoding.EncodedLen(4*dimension)
}

// vectorOf reads the vector that a record brings along. The Data API answers a vector that is
// not finite, or zero in a collection that compares by cosine, with a server error.
func vectorOf(root value, field string, dimension int) ([]float32, *RejectError) {
	v, found := root.child(field)
	switch {
	case !found || v.kind == kindNull:
		return nil, reject(field, "the record has no vector in it, the field of embedding.field_name")
	case v.kind != kindArray:
		return nil, reject(field, "the vector must be an array of numbers")
	case len(v.children) != dimension:
		return nil, reject(field, fmt.Sprintf("the vector has %d dimensions and embedding.dimensions is %d",
			len(v.children), dimension))
	}
	vector := make([]float32, len(v.children))
	zero := true
	for i, element := range v.children {
		if element.value.kind != kindNumber {
			return nil, reject(field, fmt.Sprintf("the vector's element %d is not a number", i))
		}
		f, err := strconv.ParseFloat(element.value.text, 32)
		if err != nil {
			return nil, reject(field, fmt.Sprintf("the vector's element %d is beyond float32", i))
		}
		vector[i] = float32(f)
		zero = zero && vector[i] == 0
	}
	if zero {
		return nil, reject(field, "the vector is zero: it has no direction to compare")
	}
	return vector, nil
}
