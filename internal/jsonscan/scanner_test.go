package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/jsonscan"
)

// check walks over a whole text.
func check(text string) error {
	s := jsonscan.New([]byte(text))
	if err := s.Skip(); err != nil {
		return err
	}
	return s.End()
}

func TestScannerRefuses(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":              {"", "unexpected end of JSON at byte 0"},
		"an open object":       {`{"a":1`, "unexpected end of JSON at byte 6"},
		"an open string":       {`"eight bytes`, "unexpected end of JSON at byte 12"},
		"two values":           {`1 2`, `unexpected character '2' at byte 2`},
		"a name without value": {`{"a"}`, `unexpected character '}' at byte 4`},
		"a name of no string":  {`{a:1}`, `unexpected character 'a' at byte 1`},
		"a comma too many":     {`[1,]`, `unexpected character ']' at byte 3`},
		"the wrong bracket":    {`[1}`, `unexpected character '}' at byte 2`},
		"no comma":             {`{"a":1 "b":2}`, `unexpected character '"' at byte 7`},
		"NaN":                  {`[NaN]`, "NaN is not JSON at byte 1"},
		"minus infinity":       {`-Infinity`, "-Infinity is not JSON at byte 0"},
		"a word":               {`nul`, "invalid literal at byte 0"},
		"a word too long":      {`nulll`, `unexpected character 'l' at byte 4`},
		"a leading zero":       {`01`, `unexpected character '1' at byte 1`},
		"a bare point":         {`1.`, "invalid number at byte 0"},
		"a bare exponent":      {`[1e+]`, "invalid number at byte 1"},
		"a plus":               {`+1`, `unexpected character '+' at byte 0`},
		"an escape":            {`"\x41"`, "invalid escape in a string at byte 1"},
		"half an escape":       {`"\u00e"`, "invalid escape in a string at byte 1"},
		"a tab in a string":    {"\"a long plain stretch before\tit\"", "control character in a string at byte 28"},
		"too deep":             {strings.Repeat("[", 10_001), "nested too deep at byte 10000"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.False(t, json.Valid([]byte(test.text)))
			err := check(test.text)
			require.EqualError(t, err, test.want)
			require.IsType(t, &jsonscan.Error{}, err)
		})
	}
	require.NoError(t, check(strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)))
}

// TestScannerEndsOfStrings puts what ends a plain stretch at every place of a long string.
func TestScannerEndsOfStrings(t *testing.T) {
	for length := range 100 {
		for at := range length {
			for _, end := range []byte{'\\', 0, 0x1f, '\n', ' ', 0x7f, 0x80, 0xff, '!', '#', '[', ']'} {
				text := []byte(`"` + strings.Repeat("a", length) + `"`)
				text[1+at] = end
				require.Equal(t, json.Valid(text), check(string(text)) == nil, "%q", text)
			}
		}
	}
}

func TestScannerHandsOutParts(t *testing.T) {
	text := ` { "a\u0062" : [ 1 , "two" ] , "object" : {"x":{}} , "s" : "a\"b" } `
	s := jsonscan.New([]byte(text))
	parts := map[string]string{}
	require.NoError(t, s.Object(func(name []byte) error {
		key := string(name)
		if key == "ab" {
			return s.Array(func(i int) error {
				value, err := s.Value()
				parts[key+string(rune('0'+i))] = string(value)
				return err
			})
		}
		value, err := s.Value()
		parts[key] = string(value)
		return err
	}))
	require.NoError(t, s.End())
	require.Equal(t, map[string]string{"ab0": "1", "ab1": `"two"`, "object": `{"x":{}}`, "s": `"a\"b"`}, parts)
	require.Equal(t, `a"b`, string(jsonscan.Unquote([]byte(parts["s"]))))
}

// TestScannerPassesErrorsOn: a caller's error ends the walk; a fault that the caller passes over
// is not lost, and stays the first.
func TestScannerPassesErrorsOn(t *testing.T) {
	mine, calls := errors.New("mine"), 0
	s := jsonscan.New([]byte(`[1,2]`))
	require.Equal(t, mine, s.Array(func(int) error { calls++; return mine }))
	require.Equal(t, 1, calls)

	for name, walk := range map[string]func(s *jsonscan.Scanner) error{
		"array":  func(s *jsonscan.Scanner) error { return s.Array(func(int) error { _ = s.Skip(); return nil }) },
		"object": func(s *jsonscan.Scanner) error { return s.Object(func([]byte) error { _ = s.Skip(); return nil }) },
	} {
		text := map[string]string{"array": `[x,1]`, "object": `{"":x,"":1}`}[name]
		s := jsonscan.New([]byte(text))
		want := walk(&s)
		require.ErrorContains(t, want, `unexpected character 'x'`)
		_, err := s.Value()
		require.Equal(t, want, err)
		require.Equal(t, want, s.End())
		require.False(t, s.Accept(','))
	}
}

func TestKeyNamesWhatHasNoColon(t *testing.T) {
	s := jsonscan.New([]byte(`{"type"`))
	require.True(t, s.Accept('{'))
	name, err := s.Key()
	require.Equal(t, `"type"`, string(name))
	require.Error(t, err)
	require.Empty(t, s.Rest())
}

// FuzzScanner compares the scanner with encoding/json: what it accepts, what it hands out of an
// object and an array, and what strings say.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0.5e+3,true,null,"\n\u00e9"],"a":{}}`, // a name twice
		` [ {} , [ ] , "" ] `, `{"\ud800":"\\"}`,        // a lone surrogate
		`01`, `-`, `1e5`, `.5`, `1.e1`, `-0`, // numbers and none
		"\"\x7f\xff eight or more \\u0000\"", "\"\t\"", `"\`, `nulll`, `{"a":NaN}`, `{}{}`, `[1,]`, `{,}`, "\u00a0 1", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := jsonscan.New(text)
		value, err := s.Value()
		if err == nil {
			err = s.End()
		}
		require.Equal(t, json.Valid(text), err == nil, "%v", err)
		if err != nil {
			var fault *jsonscan.Error
			require.ErrorAs(t, err, &fault)
			require.LessOrEqual(t, fault.Offset, len(text))
			return
		}
		require.Equal(t, string(bytes.TrimSpace(text)), string(value))
		if utf8.Valid(value) { // else encoding/json mends it
			requireSameParts(t, value)
		}
	})
}

func requireSameParts(t *testing.T, value []byte) {
	t.Helper()
	s := jsonscan.New(value)
	switch value[0] {
	case '{':
		got, want := map[string]json.RawMessage{}, map[string]json.RawMessage{}
		require.NoError(t, s.Object(func(name []byte) (err error) {
			key := string(name)
			got[key], err = s.Value()
			return err
		}))
		require.NoError(t, json.Unmarshal(value, &want))
		require.Equal(t, want, got)
	case '[':
		got, want := []json.RawMessage{}, []json.RawMessage{}
		require.NoError(t, s.Array(func(i int) error {
			element, err := s.Value()
			require.Len(t, got, i)
			got = append(got, element)
			return err
		}))
		require.NoError(t, json.Unmarshal(value, &want))
		require.Equal(t, want, got)
	case '"':
		token, err := s.String()
		require.NoError(t, err)
		var want string
		require.NoError(t, json.Unmarshal(value, &want))
		require.Equal(t, want, string(jsonscan.Unquote(token)))
	default:
		_, err := s.String()
		require.Error(t, err)
	}
}
