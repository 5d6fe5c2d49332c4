package connector_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"destination-astra/connector"
	"destination-astra/internal/effort"
)

func TestSameValue(t *testing.T) {
	tests := map[string]struct {
		a, b string
		want bool
	}{
		"equal text":       {`"x"`, `"x"`, true},
		"escapes":          {`"\u00e4\/"`, `"ä/"`, true},
		"other text":       {`"x"`, `"y"`, false},
		"whole number":     {`1.0`, `1`, true},
		"exponent":         {`1e20`, `1E+20`, true},
		"small":            {`0.00012`, `1.2e-4`, true},
		"zeros":            {`-0.0`, `0e7`, true},
		"sign":             {`-1`, `1`, false},
		"last digit":       {`12345678901234567890.1`, `12345678901234567890.2`, false},
		"beyond a float":   {`1e400`, `10e399`, true},
		"huge exponent":    {`1e99999999999999999999`, `1e99999999999999999998`, false},
		"number and text":  {`1`, `"1"`, false},
		"null and false":   {`null`, `false`, false},
		"absent":           {``, `null`, false},
		"both absent":      {``, ``, true},
		"members in order": {`{"a":1,"b":[1.0,{}]}`, `{"b":[1,{}],"a":1}`, true},
		"one more":         {`{"a":1}`, `{"a":1,"b":null}`, false},
		"another member":   {`{"a":1}`, `{"b":1}`, false},
		"order of a list":  {`[1,2]`, `[2,1]`, false},
		"length of a list": {`[1]`, `[1,1]`, false},
		"kinds":            {`[]`, `{}`, false},
		"white space":      {`{ "a" : 1 }`, `{"a":1}`, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, connector.SameValue([]byte(test.a), []byte(test.b)))
			require.Equal(t, test.want, connector.SameValue([]byte(test.b), []byte(test.a)))
		})
	}
}

// TestSameValueIsThatOfNumbers compares with exact arithmetic.
func TestSameValueIsThatOfNumbers(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?([eE][+-]?[0-9])?`)
	effort.Check(t, 1, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		require.Equal(t, x.Cmp(y) == 0, connector.SameValue([]byte(a), []byte(b)))
	})
}

// FuzzSameValue: every JSON text is the same as itself decoded and encoded again.
func FuzzSameValue(f *testing.F) {
	f.Add([]byte(`{"a":[1.50,true,null,"x"]}`))
	f.Add([]byte(`-0.0e-7`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var v any
		if json.Unmarshal(text, &v) != nil {
			return
		}
		require.True(t, connector.SameValue(text, append([]byte(" "), text...)))
	})
}
