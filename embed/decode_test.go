package embed_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

func TestDecodeAcceptsEveryWayToWriteAReply(t *testing.T) {
	// AACAPwAAAEA= is base64 of 1 and 2; of "/" in it PHP writes "\/".
	tests := map[string]string{
		"base64":      `{"data":[{"index":0,"embedding":"AACAPwAAAEA="}]}`,
		"floats":      `{"data":[{"index":0,"embedding":[1,2]}]}`,
		"exponents":   `{"data":[{"index":0,"embedding":[1E0,0.02e+2]}]}`,
		"spaces":      " {\n\"data\" : [ { \"embedding\" :\t[ 1 , 2 ] , \"index\" : 0 } ] }\r\n",
		"a backslash": `{"x\\":"\\","data":[{"index":0,"embedding":[1,2]}]}`,
		"escapes":     `{"d\u0061ta":[{"index":0,"embedding":"AACAPwAAAEA\u003d"}]}`,
		"other fields": `{"x":{"data":[{"y":"]}\\\""}]},"error":null,` +
			`"data":[{"object":[[]],"index":0,"embedding":[1,2]}],"z":-1e5}`,
		"usage of no sense": `{"data":[{"index":0,"embedding":[1,2]}],"usage":"free"}`,
	}
	for name, reply := range tests {
		t.Run(name, func(t *testing.T) {
			vectors, _, err := embed.DecodeEmbeddings([]byte(reply), 1, 2)
			require.NoError(t, err)
			require.Equal(t, []embed.Vector{{1, 2}}, vectors)
		})
	}
}

// TestDecodeRefusesWhatIsNotJSON: what stands here for an embedding would be taken
// by the functions of encoding/base64 and strconv.
func TestDecodeRefusesWhatIsNotJSON(t *testing.T) {
	for _, embedding := range []string{
		"\"AACAPw\nAAAEA=\"", `"AACAPwAAAEA"`, `[01,2]`, `[1.,2]`, `[.5,2]`, `[1e,2]`, `[+1,2]`, `[-,2]`,
		`[0x1p2,2]`, `[1_0,2]`, `[1,2,]`, `[,1,2]`, `[1 2]`, `[inf,2]`, `[--1,2]`, `["1",2]`, `[true,2]`,
	} {
		reply := `{"data":[{"index":0,"embedding":` + embedding + `}]}`
		_, _, err := embed.DecodeEmbeddings([]byte(reply), 1, 2)
		var e *embed.Error
		require.ErrorAs(t, err, &e, reply)
	}
}

func TestDecodeEveryPrefixIsCutShort(t *testing.T) {
	for _, base64 := range []bool{true, false} {
		reply := embedtest.Reply("", embedtest.Vectors([]string{"a", "b"}, 8), base64, 2)
		for n := range len(reply) {
			_, _, err := embed.DecodeEmbeddings(reply[:n], 2, 8)
			var e *embed.Error
			require.ErrorAs(t, err, &e, string(reply[:n]))
			require.True(t, e.Retryable(), "%s: %v", reply[:n], e)
		}
	}
}

func TestDecodeKeepsNothingOfTheReply(t *testing.T) {
	reply := embedtest.Reply("", embedtest.Vectors([]string{"a"}, 8), true, 2)
	vectors, tokens, err := embed.DecodeEmbeddings(reply, 1, 8)
	require.NoError(t, err)
	require.EqualValues(t, 2, tokens)
	clear(reply)
	require.Equal(t, embedtest.Vectors([]string{"a"}, 8), vectors)
}

// slowDecode reads a reply with encoding/json, as far as it has vectors of floats.
func slowDecode(reply []byte) (map[int]embed.Vector, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(reply, &fields) != nil {
		return nil, false
	}
	var items []map[string]json.RawMessage
	if json.Unmarshal(fields["data"], &items) != nil {
		return nil, false
	}
	vectors := map[int]embed.Vector{}
	for _, item := range items {
		var index int
		var vector embed.Vector
		if json.Unmarshal(item["index"], &index) != nil || json.Unmarshal(item["embedding"], &vector) != nil {
			return nil, false
		}
		vectors[index] = vector
	}
	return vectors, true
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[0.5,-1e-3]}]}`,
		`{"data":[{"index":1,"embedding":"AACAPwAAAEA="},{"index":0,"embedding":"AACAPwAAAEA="}]}`,
		`{"data":[{"index":0,"embedding":[1,2],"index":1}]}`,    // a field twice
		`{"data":[{"index":0,"embedding":[01,2e]}]}`,            // numbers that are none
		`{"data":[{"index":0,"embedding":[NaN,null,1e999]}]}`,   // not finite
		`{"data":[{"index":0,"embedding":"AACA\nPwAAAEA="}]}`,   // a line break in base64
		`{"error":{"message":"m","code":429},"usage":{"x":1e}}`, // no vectors
		`<html>`, ``, `[`, `{"a\"b":"c\\"}`, "{\"data\":[{\"index\":0,\"embedding\":\"AACAPw\nAAAEA=\"}]}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		vectors, _, err := embed.DecodeEmbeddings(reply, 2, 2)
		if err != nil {
			var e *embed.Error
			require.True(t, errors.As(err, &e), "%T", err)
			require.Less(t, len(strings.ToValidUTF8(e.Error(), "")), len(reply)+1000)
			return
		}
		require.True(t, json.Valid(reply), "what is not JSON was accepted")
		require.Len(t, vectors, 2)
		for _, v := range vectors {
			require.Len(t, v, 2)
			require.False(t, norm(v) == 0 || norm(v) != norm(v))
		}
		if slow, ok := slowDecode(reply); ok {
			require.Equal(t, map[int]embed.Vector{0: vectors[0], 1: vectors[1]}, slow)
		}
	})
}
