package chunk_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
)

// chunkingCase is what LangChain and Airbyte's Python connector made of a text.
type chunkingCase struct {
	ID         string `json:"id"`
	Processing struct {
		ChunkSize    int `json:"chunk_size"`
		ChunkOverlap int `json:"chunk_overlap"`
		TextSplitter struct {
			Mode          chunk.Mode `json:"mode"`
			Separators    []string   `json:"separators"`
			KeepSeparator bool       `json:"keep_separator"`
			SplitLevel    int        `json:"split_level"`
			Language      string     `json:"language"`
		} `json:"text_splitter"`
	} `json:"processing"`
	Text      string   `json:"text"`
	SplitText []string `json:"split_text"`
	Chunks    []struct {
		PageContent string `json:"page_content"`
	} `json:"chunks"`
	GPT2Tokens []int  `json:"gpt2_tokens"`
	Error      string `json:"error"`
}

// splitter returns the splitter that the case is configured with.
func (c *chunkingCase) splitter(counter chunk.Counter) (*chunk.Splitter, error) {
	config := c.Processing.TextSplitter
	separators := make([]string, len(config.Separators))
	for i, literal := range config.Separators {
		if err := json.Unmarshal([]byte(literal), &separators[i]); err != nil {
			return nil, err
		}
	}
	return chunk.NewSplitter(chunk.Options{
		Mode:          config.Mode,
		Separators:    separators,
		KeepSeparator: config.KeepSeparator,
		SplitLevel:    config.SplitLevel,
		Language:      config.Language,
		ChunkSize:     c.Processing.ChunkSize,
		ChunkOverlap:  c.Processing.ChunkOverlap,
		Counter:       counter,
	})
}

// readGolden decodes each line of a gzipped JSONL file.
func readGolden[T any](t testing.TB, path string) []T {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	zip, err := gzip.NewReader(bufio.NewReader(file))
	require.NoError(t, err)
	var cases []T
	for decoder := json.NewDecoder(zip); ; {
		var c T
		err := decoder.Decode(&c)
		if err == io.EOF {
			return cases
		}
		require.NoError(t, err)
		cases = append(cases, c)
	}
}

// tokenizer returns the encoding called name.
func tokenizer(t testing.TB, name string) *chunk.Tokenizer {
	t.Helper()
	tokens, err := chunk.NewTokenizer(name)
	require.NoError(t, err)
	return tokens
}

func TestSplitLikeLangChain(t *testing.T) {
	gpt2 := tokenizer(t, "gpt2")
	cases := readGolden[chunkingCase](t, "testdata/chunking.jsonl.gz")
	require.Len(t, cases, 317)
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			splitter, err := c.splitter(gpt2)
			if c.Error != "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)

			pieces := splitter.Split(c.Text)
			require.Len(t, pieces, len(c.SplitText))
			for i, piece := range pieces {
				require.Equal(t, c.SplitText[i], piece, "piece %d", i)
			}

			// The connector embeds a line "field: value", not the bare value.
			pieces = splitter.Split("t: " + c.Text + "\n")
			require.Len(t, pieces, len(c.Chunks))
			for i, piece := range pieces {
				require.Equal(t, c.Chunks[i].PageContent, piece, "chunk %d", i)
				require.Equal(t, c.GPT2Tokens[i], gpt2.Count(piece), "tokens of chunk %d", i)
			}
		})
	}
}

func TestEncodeLikeTiktoken(t *testing.T) {
	type tokensCase struct {
		Text   string `json:"text"`
		GPT2   []int  `json:"gpt2"`
		CL100K []int  `json:"cl100k_base"`
	}
	gpt2, cl100k := tokenizer(t, "gpt2"), tokenizer(t, "cl100k_base")
	cases := readGolden[tokensCase](t, "testdata/tokens.jsonl.gz")
	require.Len(t, cases, 79)
	for i, c := range cases {
		require.Equal(t, c.GPT2, append([]int{}, gpt2.Encode(c.Text)...), "gpt2, text %d: %q", i, c.Text)
		require.Equal(t, c.CL100K, append([]int{}, cl100k.Encode(c.Text)...),
			"cl100k_base, text %d: %q", i, c.Text)
		require.Equal(t, len(c.GPT2), gpt2.Count(c.Text), "gpt2, text %d: %q", i, c.Text)
		require.Equal(t, len(c.CL100K), cl100k.Count(c.Text), "cl100k_base, text %d: %q", i, c.Text)
	}
}
