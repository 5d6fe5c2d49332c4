package embed_test

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"destination-astra/chunk"
	"destination-astra/embed"
	"destination-astra/internal/effort"
	"destination-astra/internal/embedtest"
)

// weightedMean is the plain formula: the mean by tokens, of unit length.
func weightedMean(parts []string) embed.Vector {
	sum := make([]float64, 8)
	for i, v := range embedtest.Vectors(parts, 8) {
		for j, f := range v {
			sum[j] += float64(f) * float64(words{}.Count(parts[i]))
		}
	}
	var square float64
	for _, f := range sum {
		square += f * f
	}
	mean := make(embed.Vector, 8)
	for j, f := range sum {
		mean[j] = float32(f / math.Sqrt(square))
	}
	return mean
}

// TestALongTextIsEmbeddedInParts: the model's window is known.
func TestALongTextIsEmbeddedInParts(t *testing.T) {
	long := strings.Repeat("word and ", 8191) + "the end"
	texts := []string{"a", long, "b"}
	e, server := providers["openai"].start(t,
		func(o *embedtest.Options) { o.Window = 8192 }, alone(embed.Common{Counter: words{}}))
	vectors := mustEmbed(t, e, texts...)
	sent := server.Texts()
	require.Len(t, sent, 5)
	require.Equal(t, long, strings.Join(sent[1:4], ""), "the parts are the text")
	require.InDeltaSlice(t, weightedMean(sent[1:4]), vectors[1], 1e-6)
	require.Equal(t, embedtest.Vectors([]string{"a", "b"}, 8), []embed.Vector{vectors[0], vectors[2]})
	require.Equal(t, 1, server.Counts().Requests, "none was refused")
}

// TestAWindowIsLearned: the service refuses a text for its length; its parts are
// embedded, and the next long text is cut at once.
func TestAWindowIsLearned(t *testing.T) {
	short := func(o *embedtest.Options) { o.Window = 100 }
	forEach(t, func(t *testing.T, p provider) {
		e, server := p.start(t, short, alone(embed.Common{Counter: words{}}))
		long := strings.TrimSpace(strings.Repeat("word ", 250))
		texts := append(numbered(7, 2), long)
		vectors := mustEmbed(t, e, texts...)
		require.Equal(t, embedtest.Vectors(texts[:7], 8), vectors[:7])
		require.InDelta(t, 1, norm(vectors[7]), 1e-6)
		require.Equal(t, strings.Join(texts, ""), strings.Join(server.Texts(), ""), "every text once")
		refused := server.Counts().Refused
		mustEmbed(t, e, long)
		require.Equal(t, refused, server.Counts().Refused, "the window was not learned")
	})
}

func TestATooLongTextIsRefusedWithoutACounter(t *testing.T) {
	short := func(o *embedtest.Options) { o.Window = 100 }
	forEach(t, func(t *testing.T, p provider) {
		e, server := p.start(t, short, embed.Common{})
		texts := append(numbered(6, 2), strings.Repeat("word ", 101), "b")
		vectors, err := e.EmbedSome(t.Context(), texts)
		got := requireError(t, err)
		require.Equal(t, []int{6}, got.Texts)
		require.Equal(t, "processing.chunk_size", got.Setting)
		require.True(t, got.ConfigFault())
		require.Nil(t, vectors[6])
		require.Equal(t, embedtest.Vectors(texts[7:], 8), vectors[7:])
		require.Equal(t, 7, server.Counts().Texts, "each good text once")
	})
}

// TestACharacterCannotBeCut: a text that is too long however it is cut is refused.
func TestACharacterCannotBeCut(t *testing.T) {
	e, _ := providers["openai"].start(t, func(o *embedtest.Options) {
		o.Window, o.Count = 1, func(text string) int { return len(text) }
	}, embed.Common{Counter: byteCounter{}})
	vectors, err := e.EmbedSome(t.Context(), []string{"a", "渡", "b"})
	require.Equal(t, []int{1}, requireError(t, err).Texts)
	require.Nil(t, vectors[1])
	require.NotNil(t, vectors[0])
	require.NotNil(t, vectors[2])
}

type byteCounter struct{}

func (byteCounter) Count(text string) int { return len(text) }

// TestOppositePartsHaveNoMean: nothing is stored that is not a direction.
func TestOppositePartsHaveNoMean(t *testing.T) {
	e, server := providers["openai"].start(t, nil, embed.Common{Counter: words{}})
	mustEmbed(t, e, "settle the form")
	up, down := embed.Vector{1, 0, 0, 0, 0, 0, 0, 0}, embed.Vector{-1, 0, 0, 0, 0, 0, 0, 0}
	reply := embedtest.Reply("", []embed.Vector{up, down, make(embed.Vector, 8), up}, true, 1)
	server.Fail(embedtest.Fault{Body: string(reply)})
	vectors, err := e.EmbedSome(t.Context(), []string{strings.Repeat("w ", 2*8191), "zeros", "b"})
	require.Equal(t, []int{0, 1}, requireError(t, err).Texts)
	require.Equal(t, []embed.Vector{nil, nil, up}, vectors)
	server.Fail(embedtest.Fault{Body: string(embedtest.Reply("", []embed.Vector{up, down}, true, 1))})
	_, err = e.Embed(t.Context(), []string{strings.Repeat("w ", 2*8191)})
	require.ErrorContains(t, err, "have no mean")
}

// TestAMarginIsKeptWhereTheTokensAreAGuess: Cohere's tokens are not the counter's.
func TestAMarginIsKeptWhereTheTokensAreAGuess(t *testing.T) {
	server := embedtest.NewServer(embedtest.Options{API: embedtest.Cohere, AnyKey: true, Dimensions: 1024})
	e, err := embed.NewCohere(embed.CohereOptions{
		APIKey: "k", Model: "embed-english-v3.0",
		Common: alone(embed.Common{Transport: server.Transport(), Counter: words{}}),
	})
	require.NoError(t, err)
	mustEmbed(t, e, strings.Repeat("w ", 384), strings.Repeat("w ", 385))
	sent := server.Texts()
	require.Len(t, sent, 3)
	require.Equal(t, []int{384, 384, 1}, []int{
		words{}.Count(sent[0]), words{}.Count(sent[1]), words{}.Count(sent[2]),
	})
}

func TestCutText(t *testing.T) {
	tokenizer, err := chunk.NewTokenizer("cl100k_base")
	require.NoError(t, err)
	effort.Check(t, 1, func(t *rapid.T) {
		text := rapid.StringN(0, 400, -1).Draw(t, "text")
		window := rapid.IntRange(1, 50).Draw(t, "window")
		for _, counter := range []embed.Counter{tokenizer, words{}, byteCounter{}} {
			parts := embed.CutText(counter, text, window)
			if strings.Join(parts, "") != text {
				t.Fatalf("%q became %q", text, parts)
			}
			for _, part := range parts {
				if !utf8.ValidString(part) {
					t.Fatalf("%q is cut inside a character", part)
				}
				if counter.Count(part) > window && utf8.RuneCountInString(part) > 1 {
					t.Fatalf("%q counts %d, more than %d", part, counter.Count(part), window)
				}
			}
		}
	})
}

func BenchmarkCutText(b *testing.B) {
	tokenizer, err := chunk.NewTokenizer("cl100k_base")
	require.NoError(b, err)
	text := strings.Repeat("The old ferry leaves the quiet harbour at dawn. ", 10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		embed.CutText(tokenizer, text, 8191)
	}
}
