package embed_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

func TestDecodeCohereAcceptsEveryWayToWriteAReply(t *testing.T) {
	tests := map[string]struct {
		reply  string
		tokens int64
	}{
		"base64":     {`{"embeddings":{"base64":["AACAPwAAAEA="]}}`, 0},
		"float":      {`{"id":"x","embeddings":{"float":[[1,2]]},"texts":["[[]]"]}`, 0},
		"plain list": {`{"embeddings":[[1,2]],"meta":{"billed_units":{"input_tokens":7}}}`, 7},
		"fraction":   {`{"embeddings":[[1,2]],"meta":{"billed_units":{"input_tokens":7.0}}}`, 7},
		"other types": {
			`{"embeddings":{"int8":[[3]],"float":[[1,2]],"image":null},"meta":null}`, 0,
		},
		"billed nonsense": {`{"embeddings":[[1,2]],"meta":{"billed_units":{"input_tokens":"x"}}}`, 0},
		"billed nothing":  {`{"embeddings":[[1,2]],"meta":{"billed_units":{"input_tokens":-7}}}`, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			vectors, tokens, err := embed.DecodeCohere([]byte(test.reply), 1, 2)
			require.NoError(t, err)
			require.Equal(t, []embed.Vector{{1, 2}}, vectors)
			require.Equal(t, test.tokens, tokens)
		})
	}
}

func TestDecodeCohereRefuses(t *testing.T) {
	tests := map[string]struct{ reply, want string }{
		"a number":      {`{"embeddings":1}`, "neither a list nor an object"},
		"null":          {`{"embeddings":null}`, "neither a list nor an object"},
		"float null":    {`{"embeddings":{"float":null}}`, "not a list"},
		"both types":    {`{"embeddings":{"float":[[1,2]],"base64":["AACAPwAAAEA="]}}`, "two lists"},
		"no type":       {`{"embeddings":{}}`, "no data"},
		"nothing":       {`{}`, "no data"},
		"a message":     {`{"message":"no"}`, "no data"},
		"too few":       {`{"embeddings":[]}`, "0 vectors came for 1 texts"},
		"too many":      {`{"embeddings":[[1,2],[1,2]]}`, "2 vectors came for 1 texts"},
		"not base64":    {`{"embeddings":{"base64":["#"]}}`, "not base64"},
		"dimension":     {`{"embeddings":[[1,2,3]]}`, "3 dimensions"},
		"zeros":         {`{"embeddings":[[0,-0]]}`, "zeros"},
		"Python's NaN":  {`{"embeddings":[[NaN,1]]}`, "not finite"},
		"cut short":     {`{"embeddings":[[1,`, "cut short"},
		"text behind":   {`{"embeddings":[[1,2]]} x`, "not valid JSON"},
		"an HTML page":  {`<html>`, "HTML page"},
		"a bare list":   {`[[1,2]]`, "is a list"},
		"vector a text": {`{"embeddings":[{"x":1}]}`, "neither base64"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			vectors, _, err := embed.DecodeCohere([]byte(test.reply), 1, 2)
			var e *embed.Error
			require.ErrorAs(t, err, &e)
			require.Contains(t, e.Message, test.want)
			for _, v := range vectors {
				require.Nil(t, v)
			}
		})
	}
}

func TestDecodeCohereEveryPrefixIsCutShort(t *testing.T) {
	texts := []string{"a", "b"}
	for _, as := range []string{"", "float", "base64"} {
		reply := embedtest.CohereReply(texts, embedtest.Vectors(texts, 8), as, 2)
		for n := range len(reply) {
			_, _, err := embed.DecodeCohere(reply[:n], 2, 8)
			var e *embed.Error
			require.ErrorAs(t, err, &e, string(reply[:n]))
			require.True(t, e.Retryable(), "%s: %v", reply[:n], e)
		}
	}
}

// slowDecodeCohere reads a reply with encoding/json, as far as its vectors are floats.
func slowDecodeCohere(reply []byte) (vectors []embed.Vector, ok bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(reply, &fields) != nil {
		return nil, false
	}
	if json.Unmarshal(fields["embeddings"], &vectors) == nil {
		return vectors, true
	}
	var types map[string]json.RawMessage
	if json.Unmarshal(fields["embeddings"], &types) != nil || types["float"] == nil {
		return nil, false
	}
	return vectors, json.Unmarshal(types["float"], &vectors) == nil
}

func FuzzDecodeCohere(f *testing.F) {
	for _, text := range []string{
		`{"embeddings":{"base64":["AACAPwAAAEA=","AACAPwAAAEA="]},"meta":{"billed_units":{"input_tokens":1}}}`,
		`{"embeddings":{"float":[[1,2],[0.5,-1e-3]]},"texts":["a","b"]}`,
		`{"embeddings":[[1,2],[3,4]]}`,
		`{"embeddings":{"float":[[1,2]],"float":[[1,2]]}}`, // a type twice
		`{"embeddings":[[01,2e],[NaN,1e999]]}`,             // numbers that are none
		`{"message":"no"}`, `{"error":"no","embeddings":[]}`, `<html>`, ``, `[`, `{"a\"b":"c\\"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		vectors, tokens, err := embed.DecodeCohere(reply, 2, 2)
		if err != nil {
			var e *embed.Error
			require.True(t, errors.As(err, &e), "%T", err)
			return
		}
		require.True(t, json.Valid(reply), "what is not JSON was accepted")
		require.GreaterOrEqual(t, tokens, int64(0))
		require.Len(t, vectors, 2)
		for _, v := range vectors {
			require.Len(t, v, 2)
			require.False(t, norm(v) == 0 || norm(v) != norm(v))
		}
		if slow, ok := slowDecodeCohere(reply); ok {
			require.Equal(t, slow, vectors)
		}
	})
}
