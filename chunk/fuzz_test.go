package chunk_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
)

func tokenizerOf(name string) (*chunk.Tokenizer, error) { return chunk.NewTokenizer(name) }

// FuzzSplit checks that the pieces, in order and each starting where the one
// before ended or within the overlap, cover the whole text. White space does not
// count: pieces are trimmed, and the separators that are dropped here are blanks.
func FuzzSplit(f *testing.F) {
	f.Add("one two\n\nthree", byte(4), byte(0), byte(0))       // literal, dropped
	f.Add("a|b||c\n\n\nd   e", byte(3), byte(2), byte(1))      // kept, with overlap
	f.Add("# a\nb\n## c\n### d", byte(5), byte(1), byte(2))    // headings
	f.Add("x\nfunc a() {}\nfunc b", byte(6), byte(3), byte(3)) // code
	f.Add("\xff\xfe\u2028é\x1c", byte(1), byte(1), byte(0))    // not UTF-8, rare spaces
	f.Add("000000000000", byte(3), byte(4), byte(0))           // fits in many places
	f.Fuzz(func(t *testing.T, text string, size, overlap, mode byte) {
		o := chunk.Options{ChunkSize: 1 + int(size), Counter: byteCounter{}}
		o.ChunkOverlap = int(overlap) % (o.ChunkSize + 1)
		switch mode % 4 {
		case 1:
			o.KeepSeparator = true
		case 2:
			o.Mode, o.SplitLevel = chunk.Markdown, 3
		case 3:
			o.Mode, o.Language = chunk.Code, "go"
		}
		splitter, err := chunk.NewSplitter(o)
		require.NoError(t, err)
		pieces := splitter.Split(text)

		solid := dropSpace(text)
		ends := map[int]bool{0: true} // where what the pieces cover may end
		for i, piece := range pieces {
			require.NotEmpty(t, piece)
			if o.Mode != chunk.Markdown {
				require.LessOrEqual(t, len(piece), max(o.ChunkSize, utf8.UTFMax), "piece %d", i)
			}
			ends = cover(solid, dropSpace(piece), ends, o.ChunkOverlap)
			require.NotEmpty(t, ends, "piece %d, %q, is invented or out of order", i, piece)
		}
		require.True(t, ends[len(solid)], "some of the text is lost")
	})
}

// cover returns where part may end in solid when it starts at one of ends, or
// at most overlap before. A repetitive text leaves more than one place.
func cover(solid, part string, ends map[int]bool, overlap int) map[int]bool {
	next := map[int]bool{}
	for end := range ends {
		for start := max(0, end-overlap); start <= end; start++ {
			if strings.HasPrefix(solid[start:], part) {
				next[max(end, start+len(part))] = true
			}
		}
	}
	return next
}

// dropSpace returns text without white space, Python's kinds included.
func dropSpace(text string) string {
	var b strings.Builder
	for i, r := range text {
		if unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f {
			continue
		}
		if r == unicode.ReplacementChar && !strings.HasPrefix(text[i:], "\ufffd") {
			b.WriteByte(text[i]) // a byte that is not UTF-8 stays itself
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// FuzzTokenizer checks that the tokens of any text spell it, looked up in the
// data by the tests' own reader, and that Count counts them.
func FuzzTokenizer(f *testing.F) {
	f.Add("I'll it'S x'ſ 12345  \n \na")     // endings, digits, white space
	f.Add("<|endoftext|>\x00\xff\xc3")       // special, control, not UTF-8
	f.Add("fooBAR中A\u0301ǅ\u0301\U0001403C") // case, marks, new letters
	f.Add(strings.Repeat("abcdefghij", 50))  // one long word
	tokenizers, vocabularies := map[string]*chunk.Tokenizer{}, map[string][]string{}
	for _, name := range []string{"r50k_base", "cl100k_base", "o200k_base"} {
		tokenizers[name], vocabularies[name] = tokenizer(f, name), readVocabulary(f, name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, tokens := range tokenizers {
			ids := tokens.Encode(text)
			require.Equal(t, len(ids), tokens.Count(text), name)
			require.LessOrEqual(t, len(ids), len(text), name)
			var decoded strings.Builder
			for _, id := range ids {
				decoded.WriteString(vocabularies[name][id])
			}
			require.Equal(t, text, decoded.String(), name)
		}
	})
}
