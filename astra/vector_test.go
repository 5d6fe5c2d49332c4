package astra_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

// packed is a vector in the form documents are sent in.
func packed(v []float32) json.RawMessage {
	var raw []byte
	for _, f := range v {
		raw = binary.BigEndian.AppendUint32(raw, math.Float32bits(f))
	}
	return json.RawMessage(`{"$binary":"` + base64.StdEncoding.EncodeToString(raw) + `"}`)
}

func TestVectorFrom(t *testing.T) {
	for name, test := range map[string]struct {
		raw  string
		want []float32
		bad  bool
	}{
		"absent":           {raw: ""},
		"null":             {raw: " null "},
		"array":            {raw: "[ 1, -2.5,3e-1\n]", want: []float32{1, -2.5, 0.3}},
		"empty array":      {raw: "[]", want: []float32{}},
		"big exponent":     {raw: "[1E+20]", want: []float32{1e20}},
		"binary":           {raw: string(packed([]float32{1, -2.5})), want: []float32{1, -2.5}},
		"captured binary":  {raw: `{"$binary": "P0GWU76ahYg="}`, want: []float32{0.7562, -0.3018}},
		"empty binary":     {raw: `{"$binary":""}`, want: []float32{}},
		"three bytes":      {raw: `{"$binary":"AAAA"}`, bad: true},
		"no padding":       {raw: `{"$binary":"AAAAAA"}`, bad: true},
		"another object":   {raw: `{"$date":1}`, bad: true},
		"binary null":      {raw: `{"$binary":null}`, bad: true},
		"null inside":      {raw: `[1,null]`, bad: true},
		"string inside":    {raw: `["1"]`, bad: true},
		"array inside":     {raw: `[[1,2]]`, bad: true},
		"over float32":     {raw: `[1e39]`, bad: true},
		"what Go accepts":  {raw: `[0x1p4]`, bad: true},
		"infinity":         {raw: `[inf]`, bad: true},
		"unclosed":         {raw: `[1,2`, bad: true},
		"a string":         {raw: `"AAAA"`, bad: true},
		"trailing garbage": {raw: `[1] 2`, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := astra.VectorFrom(json.RawMessage(test.raw))
			if test.bad {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

// FuzzVector: what decodes survives both encodings.
func FuzzVector(f *testing.F) {
	f.Add(`[1, -2.5e3, 0.1]`)
	f.Add(`{"$binary":"P0GWU76ahYg="}`)
	f.Add(`[1,null]`)             // encoding/json would take the null for 0
	f.Add(`[0x1p4, 1_0, inf]`)    // numbers to strconv, not to JSON
	f.Add(`{"$binary":"AAAAAA"}`) // no padding
	f.Add(` `)
	f.Fuzz(func(t *testing.T, raw string) {
		vector, err := astra.VectorFrom(json.RawMessage(raw))
		if err != nil || vector == nil {
			require.Nil(t, vector)
			return
		}
		require.True(t, json.Valid([]byte(raw)))
		again, err := astra.VectorFrom(packed(vector))
		require.NoError(t, err)
		require.Len(t, again, len(vector))
		for i := range vector {
			require.Equal(t, math.Float32bits(vector[i]), math.Float32bits(again[i]))
		}
		text, err := json.Marshal(vector)
		if err != nil {
			return // NaN and infinity exist in $binary only
		}
		again, err = astra.VectorFrom(text)
		require.NoError(t, err)
		require.Equal(t, vector, again)
	})
}
