package localastra

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
)

// Names of fields that the Data API treats apart.
const (
	vectorField     = "$vector"
	vectorizeField  = "$vectorize"
	lexicalField    = "$lexical"
	hybridField     = "$hybrid"
	similarityField = "$similarity"
)

// vector is a vector and the form in which it came, in which it also goes back.
type vector struct {
	floats []float32
	array  string // the JSON text of an array; empty for {"$binary": ...}
}

const (
	storedBinary = 'b' // big-endian float32 follow
	storedArray  = 'a' // the JSON text of an array follows
)

// parseVector reads an array of numbers or {"$binary": base64 of big-endian float32}.
// Both forms are accepted everywhere a vector may stand: in documents, updates and sort
// clauses.
func parseVector(v value) (*vector, *apiError) {
	switch v.kind {
	case kindArray:
		return parseVectorArray(v)
	case kindObject:
		return parseVectorBinary(v)
	default:
		return nil, errorf("SHRED_BAD_DOCUMENT_VECTOR_TYPE", "Bad $vector value to shred: JSON '%s's not supported: "+
			"only JSON Arrays and Objects are.", v.typeName())
	}
}

// parseVectorArray reads numbers, and keeps their text: an array comes back with the
// digits with which it was sent.
func parseVectorArray(v value) (*vector, *apiError) {
	if len(v.items) == 0 {
		return nil, newError("SHRED_BAD_VECTOR_SIZE", "Bad $vector value: cannot be empty Array.")
	}
	floats := make([]float32, len(v.items))
	for i, item := range v.items {
		if item.kind != kindNumber {
			return nil, errorf("SHRED_BAD_VECTOR_VALUE", "Bad $vector value: needs to be an array containing only "+
				"Numbers but has a %s value (%s).", item.typeName(), item.json())
		}
		f, err := strconv.ParseFloat(item.text, 32)
		if err != nil {
			f = math.Inf(1) // out of range: refused where a vector is stored
		}
		floats[i] = float32(f)
	}
	return &vector{floats, v.json()}, nil
}

// parseVectorBinary reads base64 with padding, in the standard alphabet. It is a third
// of the size of an array, and read ten times as fast.
func parseVectorBinary(v value) (*vector, *apiError) {
	content, ok := v.get("$binary")
	if !ok || len(v.fields) != 1 {
		name := ""
		if len(v.fields) > 0 {
			name = v.fields[0].name
		}
		return nil, errorf("SHRED_BAD_DOCUMENT_VECTOR_TYPE",
			"Bad $vector value to shred: the key for the $vector Object must be '$binary', not '%s'.", name)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(content.text)
	if content.kind != kindString || err != nil {
		return nil, newError("SHRED_BAD_BINARY_VECTOR_VALUE", "Bad binary vector value to shred: "+
			"Invalid content in EJSON $binary wrapper; not valid Base64-encoded String.")
	}
	if len(raw)%4 != 0 || len(raw) == 0 {
		return nil, errorf("SHRED_BAD_BINARY_VECTOR_VALUE", "Bad binary vector value to shred: binary value to decode "+
			"is not a multiple of 4 bytes long (%d bytes).", len(raw))
	}
	return &vector{floats: decodeFloats(raw)}, nil
}

// decodeFloats reads big-endian float32. The length was checked by the caller.
func decodeFloats(raw []byte) []float32 {
	floats := make([]float32, len(raw)/4)
	for i := range floats {
		floats[i] = math.Float32frombits(binary.BigEndian.Uint32(raw[4*i:]))
	}
	return floats
}

// encode is the opposite of decodeVector. An array keeps its text beside the meaning:
// 1.0 must come back as 1.0. Arrays therefore take more room than $binary.
func (v *vector) encode() []byte {
	if v.array != "" {
		return append([]byte{storedArray}, v.array...)
	}
	return v.appendFloats([]byte{storedBinary})
}

// appendFloats appends big-endian float32.
func (v *vector) appendFloats(dst []byte) []byte {
	for _, f := range v.floats {
		dst = binary.BigEndian.AppendUint32(dst, math.Float32bits(f))
	}
	return dst
}

// decodeVector reads what encode wrote. ok is false for damaged text, which only
// another program can have written.
func decodeVector(text []byte) (*vector, bool) {
	if len(text) < 2 {
		return nil, false
	}
	if text[0] == storedBinary {
		return &vector{floats: decodeFloats(text[1:])}, true
	}
	v, err := parseVectorArray(parseStored(text[1:]))
	return v, err == nil
}

// json is the vector in the form in which it came.
func (v *vector) json() value {
	if v.array != "" {
		return parseStored([]byte(v.array))
	}
	raw := v.appendFloats(make([]byte, 0, 4*len(v.floats)))
	return objectValue(field{"$binary", stringValue(base64.StdEncoding.EncodeToString(raw))})
}

// asArray is the vector as an array of numbers, whatever its form.
func (v *vector) asArray() value {
	items := make([]value, len(v.floats))
	for i, f := range v.floats {
		items[i] = floatValue(f)
	}
	return arrayValue(items)
}

// floatValue is a float32 as Java prints it: shortest digits, at least one decimal. The
// real server prints similarities this way, and so 1.0 where Go would print 1.
func floatValue(f float32) value {
	text := strconv.FormatFloat(float64(f), 'f', -1, 32)
	if f == float32(math.Trunc(float64(f))) {
		text += ".0"
	}
	return value{kind: kindNumber, text: text}
}

// check refuses a vector of another length, and one that the database refuses to index:
// with NaN or infinity, or zero where the metric is cosine.
func (v *vector) check(c *collection) *apiError {
	options := c.options.vector
	if len(v.floats) != options.dimension {
		return errorf("INVALID_VECTOR_LENGTH", "The command attempted to update or find using `$vector`, using a "+
			"vector that has a length different to the declared '$vector' dimension for the Collection.\n\n"+
			"The collection was: %s.%s.\nThe configured vector dimension is: %d.\n\nResend the command using a "+
			"vector of the correct length.", c.keyspace, c.name, options.dimension)
	}
	zero := true
	for _, f := range v.floats {
		if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
			return serverError(constError("vectors may not contain NaN or infinity"))
		}
		zero = zero && f == 0
	}
	if zero && options.metric == metricCosine {
		return serverError(constError("zero vectors cannot be indexed or queried with cosine similarity"))
	}
	return nil
}
