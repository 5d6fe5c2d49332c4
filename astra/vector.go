package astra

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// VectorFrom decodes a $vector as find returns it: an array of numbers, or
// {"$binary": base64 of big-endian float32}, whichever way it was stored. Absent and
// null give nil. Values are not checked for NaN or infinity, which only $binary can hold.
func VectorFrom(raw json.RawMessage) ([]float32, error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, nil
	case raw[0] == '{':
		return vectorFromBinary(raw)
	case raw[0] == '[':
		return vectorFromArray(raw)
	}
	return nil, errors.New("astra: $vector is neither an array nor $binary")
}

func vectorFromBinary(raw []byte) ([]float32, error) {
	packed, ok := unpack(raw)
	if !ok {
		var wrapped struct {
			Binary []byte `json:"$binary"`
		}
		if err := json.Unmarshal(raw, &wrapped); err != nil {
			return nil, fmt.Errorf("astra: $vector: %w", err)
		}
		packed = wrapped.Binary
	}
	if packed == nil || len(packed)%4 != 0 {
		return nil, errors.New("astra: $vector holds no $binary of 4-byte floats")
	}
	vector := make([]float32, len(packed)/4)
	for i := range vector {
		vector[i] = math.Float32frombits(binary.BigEndian.Uint32(packed[4*i:]))
	}
	return vector, nil
}

// unpack is the short way through the form that servers send; anything else is left to
// encoding/json, which takes ten times as long.
func unpack(raw []byte) ([]byte, bool) {
	text, head := bytes.CutPrefix(raw, []byte(`{"$binary":"`))
	text, tail := bytes.CutSuffix(text, []byte(`"}`))
	// The base64 decoder would skip line breaks, which no JSON string holds.
	breaks := bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0
	if !head || !tail || breaks {
		return nil, false
	}
	packed := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(packed, text)
	return packed[:n], err == nil
}

// vectorFromArray splits by hand: encoding/json would take a null for 0.
func vectorFromArray(raw []byte) ([]float32, error) {
	if !json.Valid(raw) {
		return nil, errors.New("astra: $vector is not JSON")
	}
	inner := bytes.TrimSpace(raw[1 : len(raw)-1])
	if len(inner) == 0 {
		return []float32{}, nil
	}
	vector := make([]float32, 0, bytes.Count(inner, []byte(","))+1)
	for part := range bytes.SplitSeq(inner, []byte(",")) {
		part = bytes.TrimSpace(part)
		// In valid JSON a value with this start is a number of JSON's grammar, so
		// ParseFloat sees none of its own extras.
		if part[0] != '-' && (part[0] < '0' || part[0] > '9') {
			return nil, fmt.Errorf("astra: $vector[%d] is not a number", len(vector))
		}
		value, err := strconv.ParseFloat(string(part), 32)
		if err != nil {
			return nil, fmt.Errorf("astra: $vector[%d]: %w", len(vector), err)
		}
		vector = append(vector, float32(value))
	}
	return vector, nil
}
