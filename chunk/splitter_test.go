package chunk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/chunk"
)

// byteCounter counts bytes, so that a test shows its sizes.
type byteCounter struct{}

func (byteCounter) Count(text string) int { return len(text) }

// recorder counts bytes and keeps the texts it was asked about.
type recorder struct{ texts []string }

func (r *recorder) Count(text string) int {
	r.texts = append(r.texts, text)
	return len(text)
}

func TestNewSplitterRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		options chunk.Options
		says    string
	}{
		"overlap":          {chunk.Options{ChunkSize: 10, ChunkOverlap: 11}, "overlap 11 is larger than chunk size 10"},
		"negative size":    {chunk.Options{ChunkSize: -1}, "chunk size -1 is negative"},
		"negative overlap": {chunk.Options{ChunkOverlap: -1}, "chunk overlap -1 is negative"},
		"mode":             {chunk.Options{Mode: "page"}, `mode "page"`},
		"language":         {chunk.Options{Mode: chunk.Code, Language: "cobol"}, `language "cobol"`},
		"no language":      {chunk.Options{Mode: chunk.Code}, `language ""`},
		"level too deep":   {chunk.Options{Mode: chunk.Markdown, SplitLevel: 7}, "split level 7"},
		"level negative":   {chunk.Options{Mode: chunk.Markdown, SplitLevel: -1}, "split level -1"},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.Counter = byteCounter{}
			_, err := chunk.NewSplitter(test.options)
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestSplitZeroOptions(t *testing.T) {
	splitter, err := chunk.NewSplitter(chunk.Options{})
	require.NoError(t, err)
	require.Empty(t, splitter.Split(""))
	require.Empty(t, splitter.Split(" \n\u00a0\x1f\u3000"))
	require.Equal(t, []string{"one\n\ntwo"}, splitter.Split("\n\none\n\n\n\ntwo\n"))
	require.Len(t, splitter.Split(strings.Repeat("word ", 1500)), 3, "a blank between two words counts too")
}

func TestSplit(t *testing.T) {
	for name, test := range map[string]struct {
		options chunk.Options
		text    string
		want    []string
	}{
		"overlap": {
			chunk.Options{ChunkSize: 7, ChunkOverlap: 3}, "aa bb cc dd",
			[]string{"aa bb", "bb cc", "cc dd"},
		},
		"separator dropped": {
			chunk.Options{ChunkSize: 3, Separators: []string{"|"}}, "|aa||b|c|", []string{"aa", "b|c"},
		},
		"separator kept": {
			chunk.Options{ChunkSize: 3, Separators: []string{"|"}, KeepSeparator: true}, "aa||b|c",
			[]string{"aa|", "|b", "|c"},
		},
		"nothing finer": {
			chunk.Options{ChunkSize: 3, Separators: []string{"|"}}, "a | bcdefg |h", []string{"a", " bcdefg ", "h"},
		},
		"as long as a piece": {
			chunk.Options{ChunkSize: 5, Separators: []string{"|"}}, " abc ", []string{" abc "},
		},
		"heading at the start": {
			chunk.Options{ChunkSize: 6, Mode: chunk.Markdown, SplitLevel: 2}, "# a\nb\n## c\n# d",
			[]string{"# a\nb", "## c", "# d"},
		},
		"code keeps": {
			chunk.Options{ChunkSize: 8, Mode: chunk.Code, Language: "go"}, "xx\nfunc a\nfunc b",
			[]string{"xx", "func a", "func b"},
		},
		"not UTF-8": {chunk.Options{ChunkSize: 2}, "a\xffb\xc3", []string{"a\xff", "b\xc3"}},
	} {
		t.Run(name, func(t *testing.T) {
			test.options.Counter = byteCounter{}
			splitter, err := chunk.NewSplitter(test.options)
			require.NoError(t, err)
			require.Equal(t, test.want, splitter.Split(test.text))
		})
	}
}

func TestSplitCountsEachPartOnce(t *testing.T) {
	counter := new(recorder)
	splitter, err := chunk.NewSplitter(chunk.Options{ChunkSize: 12, ChunkOverlap: 6, Counter: counter})
	require.NoError(t, err)

	counter.texts = nil
	splitter.Split("short text")
	require.Empty(t, counter.texts, "fewer bytes than the chunk size")

	splitter.Split("one two three four five")
	require.Equal(t, []string{"one", "two", "three", "four", "five"}, counter.texts)
}

func TestSplitWithoutSpaces(t *testing.T) {
	splitter, err := chunk.NewSplitter(chunk.Options{ChunkSize: 50, Counter: tokenizer(t, "gpt2")})
	require.NoError(t, err)
	text := strings.Repeat("abcdefghij", 10_000)
	pieces := splitter.Split(text)
	require.Len(t, pieces, 2_000) // 50 characters each: they are counted one by one
	require.Equal(t, text, strings.Join(pieces, ""))
}

func TestSplitConcurrently(t *testing.T) {
	splitter, err := chunk.NewSplitter(chunk.Options{ChunkSize: 20, ChunkOverlap: 5})
	require.NoError(t, err)
	text := strings.Repeat("Übermorgen regnet es vielleicht. ", 40)
	want := splitter.Split(text)
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			if got := splitter.Split(text); len(got) != len(want) {
				return fmt.Errorf("%d pieces, not %d", len(got), len(want))
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}

func TestLanguages(t *testing.T) {
	require.Equal(t, []string{
		"cpp", "go", "html", "java", "js", "latex", "markdown", "php", "proto",
		"python", "rst", "ruby", "rust", "scala", "sol", "swift",
	}, chunk.Languages())
}
