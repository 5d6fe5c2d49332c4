package chunk_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"destination-astra/chunk"
	"destination-astra/internal/effort"
)

// stableSplitter returns a splitter of mode Stable.
func stableSplitter(t require.TestingT, size, overlap int, counter chunk.Counter) *chunk.Splitter {
	s, err := chunk.NewSplitter(chunk.Options{
		Mode: chunk.Stable, ChunkSize: size, ChunkOverlap: overlap, Counter: counter,
	})
	require.NoError(t, err)
	return s
}

func TestStableRefusesMuchOverlap(t *testing.T) {
	_, err := chunk.NewSplitter(chunk.Options{Mode: chunk.Stable, ChunkSize: 9, ChunkOverlap: 5})
	require.ErrorContains(t, err, "chunk overlap 5 is larger than half of chunk size 9")
	stableSplitter(t, 10, 5, nil)
}

func TestStableCutsAtWhatIsWanted(t *testing.T) {
	for name, test := range map[string]struct {
		size, overlap int
		text          string
		want          []string
	}{
		"nothing":             {5, 0, " \n\n ", nil},
		"fits":                {50, 0, "\n one\n\ntwo ", []string{"one\n\ntwo"}},
		"headings first":      {32, 0, "# A\nOne two.\n\nThree four.\n\n# B\nFive six.", []string{"# A\nOne two.\n\nThree four.", "# B\nFive six."}},
		"a heading stays":     {28, 0, "# A\n\n## B\n\nOne two three. Four five.", []string{"# A\n\n## B\n\nOne two three.", "Four five."}},
		"paragraphs":          {16, 0, "One. Two.\n\nThree. Four.", []string{"One. Two.", "Three. Four."}},
		"sentences":           {12, 0, "One two. Three four.", []string{"One two.", "Three four."}},
		"no end of sentence":  {14, 0, "About e.g. cats", []string{"About", "e.g. cats"}},
		"sentences of Han":    {22, 0, "你好世界。再见世界。", []string{"你好世界。", "再见世界。"}},
		"lines before words":  {9, 0, "a b c\nd e f", []string{"a b c", "d e f"}},
		"much white space":    {7, 0, "a" + strings.Repeat("\n", 1000) + "b", []string{"a", "b"}},
		"character too long":  {1, 0, "é", []string{"é"}},
		"overlap of sentence": {24, 12, "One two. Three four.", []string{"One two.", "One two. Three four."}},
		"overlap":             {16, 8, "A one. B two. C three.", []string{"A one.", "A one. B two.", "B two. C three."}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, stableSplitter(t, test.size, test.overlap, byteCounter{}).Split(test.text))
		})
	}
}

// drawText draws a text like those that there are, and like those that there are not.
func drawText(t *rapid.T) string {
	words := rapid.SampledFrom([]string{
		"the", "ferry", "left", "before", "Fog", "had", "lifted.", "Why?", "e.g.", "了。", "再见", "x=1;", "|", "é",
		strings.Repeat("abc", 40), "\xff", "/", "'s",
	})
	gaps := rapid.SampledFrom([]string{" ", " ", " ", "\n", "\n\n", ". ", "\n# ", "\n\n### ", "", "\r\n", "\t", "\u2003", "\x1f"})
	var b strings.Builder
	for range rapid.IntRange(0, 120).Draw(t, "words") {
		b.WriteString(words.Draw(t, "word"))
		b.WriteString(gaps.Draw(t, "gap"))
	}
	return b.String()
}

// requireCover requires that pieces are parts of the text in order, each from where the one before ended
// or within its overlap, and that nothing but white space is missing.
func requireCover(t *rapid.T, text string, pieces []string, overlap int) {
	solid, ends := dropSpace(text), map[int]bool{0: true}
	for _, piece := range pieces {
		require.NotEmpty(t, piece)
		ends = cover(solid, dropSpace(piece), ends, overlap)
		require.NotEmpty(t, ends, "%q is invented or out of order", piece)
	}
	require.True(t, ends[len(solid)], "some of the text is lost")
}

// TestSplittersLoseNothing is for every splitter: nothing lost but white space, and the order kept.
// Mode stable keeps to its size, too.
func TestSplittersLoseNothing(t *testing.T) {
	gpt2, cl100k, o200k := tokenizer(t, "gpt2"), tokenizer(t, "cl100k_base"), tokenizer(t, "o200k_base")
	effort.Check(t, 1, func(t *rapid.T) {
		counter := rapid.SampledFrom([]chunk.Counter{byteCounter{}, gpt2, cl100k, o200k}).Draw(t, "counter")
		o := rapid.SampledFrom([]chunk.Options{
			{}, {KeepSeparator: true}, {Mode: chunk.Markdown, SplitLevel: 3}, {Mode: chunk.Code, Language: "markdown"},
			{Mode: chunk.Stable}, {Mode: chunk.Stable}, {Mode: chunk.Stable},
		}).Draw(t, "options")
		o.Counter, o.ChunkSize = counter, rapid.IntRange(1, 80).Draw(t, "size")
		o.ChunkOverlap = rapid.IntRange(0, o.ChunkSize/2).Draw(t, "overlap")
		text := drawText(t)
		s, err := chunk.NewSplitter(o)
		require.NoError(t, err)
		pieces := s.Split(text)
		requireCover(t, text, pieces, 8*o.ChunkOverlap)
		require.Equal(t, pieces, s.Split(text))
		for _, piece := range pieces {
			if o.Mode == chunk.Stable && utf8.RuneCountInString(piece) > 1 {
				require.LessOrEqual(t, counter.Count(piece), o.ChunkSize, "%q", piece)
			}
		}
	})
}

// TestStableForgetsWhatIsFar changes one byte of a text: all chunks but the near ones are as they were.
func TestStableForgetsWhatIsFar(t *testing.T) {
	const size, near = 40, 8
	s := stableSplitter(t, size, 0, byteCounter{})
	effort.Check(t, 2, func(t *rapid.T) {
		var b strings.Builder
		word := rapid.StringMatching(`[a-z]{1,7}[.]?`)
		gap := rapid.SampledFrom([]string{" ", " ", " ", " ", "\n", "\n\n", "\n\n# "})
		for range rapid.IntRange(100, 300).Draw(t, "words") {
			b.WriteString(word.Draw(t, "word") + gap.Draw(t, "gap"))
		}
		text := b.String()
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		by := rapid.SampledFrom([]string{"x", ".", " ", "\n", "#", ""}).Draw(t, "by")
		before, after := s.Split(text), s.Split(text[:at]+by+text[at+1:])
		same := 0
		for same < min(len(before), len(after)) && before[same] == after[same] {
			same++
		}
		slices.Reverse(before)
		slices.Reverse(after)
		for i := range min(len(before), len(after)) - same {
			if before[i] != after[i] {
				break
			}
			same++
		}
		require.LessOrEqual(t, len(after)-same, near, "new chunks")
	})
}

// TestStableOfOddTexts: what nothing natural cuts is cut within the limit, and equal again behind an edit.
func TestStableOfOddTexts(t *testing.T) {
	gpt2 := tokenizer(t, "gpt2")
	random := make([]byte, 60_000)
	for i, state := 0, uint32(1); i < len(random); i++ {
		state = state*1664525 + 1013904223
		random[i] = 'a' + byte(state>>16)%26
	}
	for name, text := range map[string]string{
		"one word":        string(random),
		"one letter":      strings.Repeat("a", 60_000),
		"one line again":  strings.Repeat("The same line again.\n", 3_000),
		"one word again":  strings.Repeat("again ", 10_000),
		"Han":             strings.Repeat("你好世界再见", 3_000),
		"emoji":           strings.Repeat("👩‍🚀", 3_000),
		"line breaks":     "a" + strings.Repeat("\n", 60_000) + "b",
		"blanks":          "a" + strings.Repeat(" ", 60_000) + "b",
		"headings":        strings.Repeat("# A\n", 10_000),
		"not UTF-8":       strings.Repeat("\xff\xfe\xc3", 10_000),
		"rows of a table": strings.Repeat("| a | b |\n|---|---|\n", 3_000),
	} {
		t.Run(name, func(t *testing.T) {
			s := stableSplitter(t, 200, 0, gpt2)
			pieces := s.Split(text)
			known := map[string]bool{}
			for _, piece := range pieces {
				known[piece] = true
				require.LessOrEqual(t, gpt2.Count(piece), 200)
			}
			require.Equal(t, len(dropSpace(text)), len(dropSpace(strings.Join(pieces, ""))))
			fresh := map[string]bool{}
			for _, piece := range s.Split("Something else. " + text) {
				if !known[piece] {
					fresh[piece] = true
				}
			}
			require.LessOrEqual(t, len(fresh), 3, "pieces behind an edit at the front")
		})
	}
}

// FuzzStable holds any text to the limits, for counts that add up and for those that do not.
func FuzzStable(f *testing.F) {
	f.Add("# A\n\nOne two. Three!\n\nfour 五。六", byte(4), byte(2))
	f.Add(strings.Repeat("abcdefghij", 50)+" \n\n\n b", byte(9), byte(0))
	f.Add("a\n/b.\n/c\xff\u2028\x1c'll \t d", byte(1), byte(0))
	counters := []chunk.Counter{byteCounter{}, tokenizer(f, "gpt2"), tokenizer(f, "cl100k_base"), tokenizer(f, "o200k_base")}
	f.Fuzz(func(t *testing.T, text string, size, overlap byte) {
		most := 1 + int(size)
		for _, counter := range counters {
			solid, ends := dropSpace(text), map[int]bool{0: true}
			over := int(overlap) % (most/2 + 1)
			for _, piece := range stableSplitter(t, most, over, counter).Split(text) {
				if utf8.RuneCountInString(piece) > 1 {
					require.LessOrEqual(t, counter.Count(piece), most, "%q", piece)
				}
				ends = cover(solid, dropSpace(piece), ends, 8*over)
				require.NotEmpty(t, ends, "%q is invented or out of order", piece)
			}
			require.True(t, ends[len(solid)], "some of the text is lost")
		}
	})
}
