package localastra_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// FuzzPageState sends any text as a page state. One of another server is refused; one that
// looks like ours leads to documents that are there, each once, and to an end.
func FuzzPageState(f *testing.F) {
	const documents, page = 9, 4
	c := open(f, localastra.Options{Memory: true, PageSize: page})
	c.must("", `{"createCollection":{"name":"c"}}`)
	c.insert(repeat(documents, func(i int) string { return fmt.Sprintf(`{"_id":"%d"}`, i) }))
	for _, body := range []string{`{"find":{}}`, `{"find":{"options":{"limit":6}}}`} {
		f.Add(c.must("c", body).Data["nextPageState"].(string)) // ours, without and with a rest of the limit
	}
	for _, seed := range []string{
		"", "AAAA", "not base64", "\x00", // of the wrong length, or no base64
		"//////////8AAAAA",                                              // behind the last sequence number that there can be
		"AAAAAAAAAAD/////",                                              // the largest rest of a limit
		"AAAAAAAA\nAAAAAAA", "AAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAA", // what a lax decoder lets through, or cuts
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, state string) {
		c.t = t
		seen := map[any]bool{}
		for pages := 0; ; pages++ {
			require.LessOrEqual(t, pages, documents/page+1, "it never ends")
			text, err := json.Marshal(state)
			require.NoError(t, err)
			got := c.send("c", `{"find":{"options":{"pageState":`+string(text)+`}}}`)
			if pages == 0 && len(got.Errors) > 0 {
				require.Contains(t, got.text, "Invalid paging state")
				return
			}
			require.Empty(t, got.Errors, got.text)
			for _, id := range got.ids() {
				require.False(t, seen[id], "%v twice", id)
				seen[id] = true
			}
			next, more := got.Data["nextPageState"].(string)
			if !more {
				break
			}
			state = next
		}
		require.LessOrEqual(t, len(seen), documents)
	})
}

// FuzzDecimal compares what is made of two numbers with exact arithmetic, where that can
// hold them, and with itself where it cannot.
func FuzzDecimal(f *testing.F) {
	for _, seed := range [][2]string{
		{"1", "1.0"}, {"10e-1", "1E0"}, {"-0.0", "0"}, {"-0", "0e5"}, // equal in other words
		{"1e-7", "0.0000001"}, {"1e6", "1000000"}, {"1.5E+300", "-1.5e-300"}, // where the notation changes
		{"9007199254740993", "9007199254740992"}, {"0.1", "0.10000000000000000555"}, // beyond a float64
		{"1e999999999", "12e9999999999999"}, {"1e-999999999999999999999", "0"}, // beyond the bound of exponents
		{strings.Repeat("1", 97) + "e9", "1"}, // longer once it is stored
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !isNumber(a) || !isNumber(b) {
			return
		}
		stored := localastra.NormalizeNumber(a)
		require.True(t, isNumber(stored), "%s is stored as %s", a, stored)
		require.Equal(t, stored, localastra.NormalizeNumber(stored), "it drifts: %s", a)
		require.Zero(t, localastra.CompareNumbers(a, stored))
		require.Equal(t, localastra.NumberKey(a), localastra.NumberKey(stored))
		order := localastra.CompareNumbers(a, b)
		require.Equal(t, -order, localastra.CompareNumbers(b, a))
		require.Equal(t, order == 0, localastra.NumberKey(a) == localastra.NumberKey(b))
		exact, errA := refNumber(json.Number(a))
		other, errB := refNumber(json.Number(b))
		if errA == nil && errB == nil {
			require.Equal(t, exact.Cmp(other), order, "%s and %s", a, b)
		}
		if errA == nil {
			same, ok := new(big.Rat).SetString(stored)
			require.True(t, ok, stored)
			require.Zero(t, exact.Cmp(same), "%s is stored as %s", a, stored)
		}
	})
}

// isNumber tells whether a text is one number of JSON.
func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "-+.eE0123456789") == "" && json.Valid([]byte(text))
}

// FuzzStored stores any JSON that a request may have and reads it back: what comes is what
// was stored, and says the same as the request did. What no request may have does no harm
// either.
func FuzzStored(f *testing.F) {
	for _, seed := range []string{
		`{"_id":"a","n":1.50,"l":[],"o":{},"z":null,"t":true}`, ` [ 1 , 2 ] `, `"\ud83d\ude00 \u0000 \/"`,
		`"\ud800"`, `"\udc00\ud800x"`, "\"\u2028\x7f\ud7ff\"", // half of a pair, and what is near one in UTF-8
		`{"n":` + strings.Repeat("1", 97) + `e9}`, `{"n":` + strings.Repeat("1", 98) + `.1}`, // grows as it is stored
		`{"":{"":0}}`, `{"a":1,"a":2}`, `[1e5,-0.0,12e9999999999999]`, strings.Repeat("[", 1001),
		`{"$vector":{"$binary":"AAAA"}}`, `tru`, `{"a":}`, `[1,]`, "\"\xed\"", "\"\xed\xa0\x80\"", `1 2`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		require.True(t, json.Valid([]byte(localastra.ReadStored(text))), "what no request has")
		stored, ok := localastra.Stored(text)
		if !ok {
			return
		}
		require.Equal(t, stored, localastra.ReadStored(stored), "it comes back as it was stored")
		before, err := decodeAny(text)
		require.NoError(t, err, "what is accepted is JSON")
		after, err := decodeAny(stored)
		require.NoError(t, err, stored)
		if same, err := refSameTree(before, after); err == nil {
			require.True(t, same, "%s is stored as %s", text, stored)
		}
	})
}

// FuzzDecodeEmbedding feeds arbitrary replies of an embedding service. What is accepted has
// a vector of the same length for each text, and is what a slower reading finds.
func FuzzDecodeEmbedding(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[0.5,-1e-3]}]}`,
		`{"data":[{"index":1,"embedding":[1]},{"index":0,"embedding":[2]}],"usage":{"total_tokens":1}}`,
		`{"data":[{"index":0,"embedding":[1]},{"embedding":[2]}]}`,                                   // no index
		`{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[2]},{"index":1}]}`,             // one twice
		`{"data":[{"index":0,"embedding":[null,1]},{"index":1,"embedding":[1,null]}]}`,               // no numbers
		`{"data":[{"index":0,"embedding":[1e39]},{"index":1,"embedding":[1]}]}`,                      // beyond a float32
		`{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[2]}],"data":[{},{"index":1}]}`, // fields twice
		`{"Data":[{"INDEX":0,"embedding":[1]},{"index":1,"Embedding":[2]}]}`,                         // other spelling
		`{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1]}]}`,                       // two lengths
		`{"data":{}}`, `{"data":[{"index":-1}]}`, `{"data":[{"index":2}]}`, `null`, `<html>`, ``, `[`, // no vectors
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		vectors, err := localastra.DecodeEmbedding([]byte(reply), 2)
		if err != nil {
			require.Nil(t, vectors)
			return
		}
		require.Equal(t, slowEmbedding(t, reply), vectors)
		require.Len(t, vectors, 2)
		require.NotEmpty(t, vectors[0])
		require.Len(t, vectors[1], len(vectors[0]))
	})
}

// slowEmbedding reads a reply with nothing but maps and exact names.
func slowEmbedding(t *testing.T, reply string) [][]float32 {
	t.Helper()
	decoded, err := decodeAny(reply)
	require.NoError(t, err)
	vectors := make([][]float32, 2)
	for _, item := range decoded.(map[string]any)["data"].([]any) {
		fields := item.(map[string]any)
		index := 0
		if text := fmt.Sprint(fields["index"]); fields["index"] != nil {
			index, err = strconv.Atoi(text)
			require.NoError(t, err)
		}
		require.Nil(t, vectors[index], "two vectors of one text")
		for _, n := range fields["embedding"].([]any) {
			single, err := strconv.ParseFloat(string(n.(json.Number)), 32) // infinite where it is too large
			require.True(t, err == nil || math.IsInf(single, 0))
			vectors[index] = append(vectors[index], float32(single))
		}
	}
	return vectors
}
