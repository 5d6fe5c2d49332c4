package chunk_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewTokenizerRefuses(t *testing.T) {
	for _, name := range []string{"", "GPT2", "p50k_base"} {
		_, err := tokenizerOf(name)
		require.ErrorContains(t, err, "tokenizer", "%q", name)
	}
}

// TestEncode holds what the goldens have not; expectations are tiktoken 0.9's.
func TestEncode(t *testing.T) {
	for name, test := range map[string]struct {
		encoding, text string
		want           []int
	}{
		"break before blank":    {"cl100k_base", "\n \na", []int{27907, 64}},
		"trailing white space":  {"cl100k_base", "a\n  ", []int{64, 198, 256}},
		"letter of Unicode 16":  {"gpt2", "\U0001403C'll", []int{172, 242, 222, 120, 1183}},
		"special token is text": {"gpt2", "<|endoftext|>", []int{27, 91, 437, 1659, 5239, 91, 29}},
		"case starts a word":    {"o200k_base", "fooBar", []int{16660, 4622}},
	} {
		t.Run(name, func(t *testing.T) {
			tokens := tokenizer(t, test.encoding)
			require.Equal(t, test.want, tokens.Encode(test.text))
			require.Equal(t, len(test.want), tokens.Count(test.text))
		})
	}
}

// TestEncodeRandomLikeTiktoken compares with tiktoken 0.9 on random texts: endings,
// white space, marks, scripts, code points of all classes, long runs.
func TestEncodeRandomLikeTiktoken(t *testing.T) {
	type randomCase struct {
		Text string
		Enc  map[string][]int // IDs by encoding
	}
	cases := readGolden[randomCase](t, "testdata/encodings.jsonl.gz")
	require.Len(t, cases, 500)
	for _, name := range []string{"gpt2", "cl100k_base", "o200k_base"} {
		tokens := tokenizer(t, name)
		for i, c := range cases {
			require.Equal(t, c.Enc[name], tokens.Encode(c.Text), "%s, text %d: %q", name, i, c.Text)
			require.Equal(t, len(c.Enc[name]), tokens.Count(c.Text), "%s, text %d", name, i)
		}
	}
}
