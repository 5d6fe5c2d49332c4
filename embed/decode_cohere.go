package embed

import (
	"encoding/json"

	cohere "github.com/cohere-ai/cohere-go/v2"
)

// decodeCohere is decodeEmbeddings for the replies of Cohere's embed API: the vectors
// are in the order of the texts, in embeddings.base64 or embeddings.float, or, where
// no type was asked for, in embeddings itself.
func decodeCohere(reply []byte, count, dimension int) ([]Vector, int64, error) {
	d := newDecoder(reply, count, dimension)
	return d.finish(d.read(func() error {
		return d.fields(func(key string) (known bool, err error) {
			switch key {
			case "embeddings":
				return true, d.cohereEmbeddings()
			case "meta":
				raw, err := d.Value()
				d.tokens = billedTokens(raw)
				return true, err
			default:
				return false, nil
			}
		})
	}))
}

// billedTokens is 0 when the reply does not tell: a count is not worth an error.
func billedTokens(raw json.RawMessage) int64 {
	var meta struct {
		BilledUnits *cohere.ApiMetaBilledUnits `json:"billed_units"`
	}
	if json.Unmarshal(raw, &meta) != nil || meta.BilledUnits == nil || meta.BilledUnits.InputTokens == nil {
		return 0
	}
	return int64(max(0, *meta.BilledUnits.InputTokens))
}

func (d *decoder) cohereEmbeddings() error {
	if err := d.expect("[{", "embeddings that are neither a list nor an object"); err != nil {
		return err
	}
	if d.Peek() == '[' {
		return d.cohereList()
	}
	return d.Object(func(key []byte) error {
		switch string(key) {
		case "base64", "float":
			return d.cohereList()
		default:
			_, err := d.Value()
			return err
		}
	})
}

func (d *decoder) cohereList() error {
	return d.list("embeddings that are not a list", "embeddings", func(i int) error {
		vector, err := d.embedding()
		if err != nil {
			return err
		}
		return d.put(i, vector)
	})
}
