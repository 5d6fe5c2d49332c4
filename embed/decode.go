package embed

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sashabaranov/go-openai"

	"destination-astra/internal/jsonscan"
)

// decoder reads the reply of an embeddings API: {"data":[{"index":0,"embedding":...}]}.
// An embedding is an array of numbers, or base64 of little-endian float32.
type decoder struct {
	jsonscan.Scanner
	reply     []byte
	dimension int
	vectors   []Vector
	items     int
	scratch   []byte
	hasData   bool
	bad       *Error          // the vectors that cannot be stored, by their positions
	failure   json.RawMessage // the error object
	tokens    int64
	model     string // as the reply names it
}

// decodeEmbeddings returns the vectors in the order of their indexes, and the
// tokens charged. The reply must hold exactly count vectors, with the indexes 0 to
// count-1, each of the given dimension, finite and not zero; else the error is an
// *Error. When only some vectors cannot be stored, Texts tells which, and the others
// are returned beside the error. A reply of another model is an *Error, too. It does
// not keep reply.
func decodeEmbeddings(reply []byte, count, dimension int, model servedModel) ([]Vector, int64, error) {
	d := newDecoder(reply, count, dimension)
	vectors, tokens, err := d.finish(d.read(func() error {
		return d.fields(func(key string) (known bool, err error) {
			switch key {
			case "data":
				return true, d.data()
			case "model":
				raw, err := d.Value()
				d.model = plain(raw)
				return true, err
			case "usage":
				raw, err := d.Value()
				var usage openai.Usage
				if json.Unmarshal(raw, &usage) == nil { // a count is not worth an error
					d.tokens = int64(max(usage.TotalTokens, usage.PromptTokens))
				}
				return true, err
			default:
				return false, nil
			}
		})
	}))
	if other := model.check(d.model); other != nil && vectors != nil {
		return nil, tokens, other
	}
	return vectors, tokens, err
}

func newDecoder(reply []byte, count, dimension int) *decoder {
	return &decoder{
		Scanner:   jsonscan.New(reply),
		reply:     reply,
		dimension: dimension,
		vectors:   make([]Vector, count),
	}
}

// read tells what is wrong with a reply that is no object, or not JSON.
func (d *decoder) read(reply func() error) error {
	if c := d.Peek(); c != '{' {
		return notJSON(d.reply, c)
	}
	err := reply()
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Message: describeBody(d.reply), fault: faultGarbled, Err: err}
}

// finish judges the reply as a whole.
func (d *decoder) finish(err error) ([]Vector, int64, error) {
	count := len(d.vectors)
	switch {
	case err != nil:
		return nil, d.tokens, err
	case len(d.failure) > 0 && string(d.failure) != "null":
		return nil, d.tokens, parseErrorReply(d.reply)
	case !d.hasData:
		const message = "the reply holds no data: it is not one of an embeddings API"
		return nil, d.tokens, &Error{Message: message, fault: faultAddress}
	case d.items != count:
		return nil, d.tokens, answerError("%d vectors came for %d texts", d.items, count)
	case d.bad != nil:
		for _, i := range d.bad.Texts {
			d.vectors[i] = nil
		}
		return d.vectors, d.tokens, d.bad
	}
	return d.vectors, d.tokens, nil
}

// notJSON tells some other server's page, which no repeat changes, from a reply that
// was lost on its way.
func notJSON(reply []byte, first byte) error {
	if first == '[' {
		return &Error{Message: "the reply is a list, not that of an embeddings API", fault: faultAddress}
	}
	e := &Error{Message: describeBody(reply), fault: faultAddress}
	if first == 0 && len(bytes.TrimSpace(reply)) == 0 {
		e.fault = faultGarbled
	}
	return e
}

// fields reads the object that a reply is. known consumes the value of a field that
// it knows.
func (d *decoder) fields(known func(key string) (bool, error)) error {
	err := d.Object(func(key []byte) error {
		name := string(key)
		if ok, err := known(name); ok || err != nil {
			return err
		}
		raw, err := d.Value()
		if name == "error" {
			d.failure = raw
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.End()
}

func (d *decoder) data() error {
	return d.list("data that is not a list", "data", func(int) error { return d.item() })
}

// list reads the reply's one list of vectors, called name, with each; vectors beyond
// those that were asked for are only counted. wrong says what something else would be.
func (d *decoder) list(wrong, name string, each func(i int) error) error {
	if err := d.expect("[", wrong); err != nil {
		return err
	}
	if d.hasData {
		return answerError("the reply holds two lists of %s", name)
	}
	d.hasData = true
	return d.Array(func(i int) error {
		d.items++
		if i >= len(d.vectors) {
			_, err := d.Value()
			return err
		}
		return each(i)
	})
}

// item reads one vector and puts it where its index says.
func (d *decoder) item() error {
	if err := d.expect("{", "a vector that is not an object"); err != nil {
		return err
	}
	index := -1
	var vector Vector
	err := d.Object(func(key []byte) (err error) {
		switch string(key) {
		case "index":
			index, err = d.index()
		case "embedding":
			vector, err = d.embedding()
		default:
			_, err = d.Value()
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case index < 0:
		return answerError("the reply holds a vector without index")
	case d.vectors[index] != nil:
		return answerError("two vectors came with index %d", index)
	case vector == nil:
		return answerError("no embedding came with index %d", index)
	}
	return d.put(index, vector)
}

// put keeps a vector, and takes note of one that cannot be stored.
func (d *decoder) put(index int, v Vector) error {
	d.vectors[index] = v
	err := checkVector(v, d.dimension, index)
	if err == nil || err.fault != faultVector {
		return asError(err)
	}
	if d.bad == nil {
		d.bad = err
	} else {
		d.bad.Texts = append(d.bad.Texts, index)
	}
	return nil
}

// asError keeps a nil *Error from becoming an error that is not nil.
func asError(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

func (d *decoder) index() (int, error) {
	raw, err := d.Value()
	if err != nil {
		return 0, err
	}
	index, err := strconv.Atoi(string(raw))
	if err != nil || index < 0 || index >= len(d.vectors) {
		return 0, answerError("a vector came with index %s for %d texts", string(raw), len(d.vectors))
	}
	return index, nil
}

func (d *decoder) embedding() (Vector, error) {
	if err := d.expect("[\"", "an embedding that is neither base64 nor a list of numbers"); err != nil {
		return nil, err
	}
	if d.Peek() == '[' {
		return d.floats()
	}
	return d.base64()
}

func (d *decoder) floats() (Vector, error) {
	vector := make(Vector, 0, d.dimension)
	err := d.Array(func(int) error {
		f, ok, err := nextFloat(&d.Scanner)
		if err != nil {
			return err
		}
		if !ok {
			return d.notNumber()
		}
		vector = append(vector, f) // an infinite one is refused by checkVector
		return nil
	})
	return vector, err
}

func (d *decoder) base64() (Vector, error) {
	quoted, err := d.String()
	if err != nil {
		return nil, err
	}
	encoded := jsonscan.Unquote(quoted) // PHP escapes the slashes of base64
	if size := base64.StdEncoding.DecodedLen(len(encoded)); size > len(d.scratch) {
		d.scratch = make([]byte, size)
	}
	n, err := base64.StdEncoding.Decode(d.scratch, encoded)
	// Decode skips line breaks, which a JSON string cannot hold: hence the length.
	if err != nil || n%4 != 0 || base64.StdEncoding.EncodedLen(n) != len(encoded) {
		return nil, answerError("an embedding is not base64 of 4-byte numbers")
	}
	vector := make(Vector, n/4)
	for i := range vector {
		vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(d.scratch[4*i:]))
	}
	return vector, nil
}

// expect requires one of the given bytes to be next.
func (d *decoder) expect(first, otherwise string) error {
	switch c := d.Peek(); {
	case c == 0:
		return d.Unexpected()
	case strings.IndexByte(first, c) < 0:
		return answerError("the reply holds %s", otherwise)
	default:
		return nil
	}
}

// notNumber tells what stands where a number should be: Python writes NaN and
// Infinity into what it calls JSON.
func (d *decoder) notNumber() error {
	switch d.Peek() {
	case 'N', 'I', 'n':
		return &Error{Message: "the service computed a vector that is not finite", fault: faultVector}
	case 0:
		return d.Unexpected()
	default:
		return answerError("an embedding holds something that is not a number")
	}
}

// checkVector refuses what a collection could not store.
func checkVector(v Vector, dimension, index int) *Error {
	if len(v) != dimension {
		return &Error{
			Message: fmt.Sprintf("the vectors have %d dimensions, not the configured %d", len(v), dimension),
			fault:   faultDimension,
		}
	}
	// The bits without the sign: all zero for 0, an exponent of ones for NaN and infinity.
	const magnitude, infinite = 0x7fffffff, 0x7f800000
	var anyBits, largest uint32
	for _, f := range v {
		bits := math.Float32bits(f) & magnitude
		anyBits |= bits
		largest = max(largest, bits)
	}
	if largest >= infinite {
		return vectorError("the service computed a vector that is not finite", index)
	}
	if anyBits == 0 {
		return vectorError("the service computed a vector of zeros", index)
	}
	return nil
}

func vectorError(message string, index int) *Error {
	return &Error{Message: message, Texts: []int{index}, fault: faultVector}
}

func answerError(format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), fault: faultAnswer}
}
