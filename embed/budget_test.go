package embed_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// alone makes the order of requests that of the texts.
func alone(c embed.Common) embed.Common {
	c.MaxConcurrency = 1
	return c
}

func numbered(n, words int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = strings.TrimSpace(strings.Repeat("w"+strconv.Itoa(i)+" ", words))
	}
	return texts
}

// sizes returns how many texts each request held; 0 for a refused one.
func sizes(server *embedtest.Server) []int {
	var out []int
	for _, r := range server.Requests() {
		out = append(out, len(r.Texts))
	}
	return out
}

func TestPacking(t *testing.T) {
	tests := map[string]struct {
		provider string
		common   embed.Common
		texts    []string
		want     []int
	}{
		"texts":  {"openai", embed.Common{MaxTexts: 3}, numbered(7, 1), []int{3, 3, 1}},
		"bytes":  {"openai", embed.Common{MaxBytes: 10}, []string{"1234", "1234", "1234"}, []int{2, 1}},
		"tokens": {"openai", embed.Common{MaxTokens: 10, Counter: words{}}, numbered(5, 4), []int{2, 2, 1}},
		"tokens, estimated": {
			"openai", embed.Common{MaxTokens: 10}, []string{"123456789", "123456789", "123456789"}, []int{2, 1},
		},
		"tokens a minute":    {"openai", embed.Common{TokensPerMinute: 8, Counter: words{}}, numbered(2, 4), []int{2}},
		"OpenAI's own":       {"openai", embed.Common{}, numbered(2049, 1), []int{2048, 1}},
		"OpenAI's own, long": {"openai", embed.Common{Counter: words{}}, numbered(40, 8000), []int{37, 3}},
		"Cohere's own":       {"cohere", embed.Common{}, numbered(200, 1), []int{96, 96, 8}},
		"a compatible one's": {"openai_compatible", embed.Common{}, numbered(65, 1), []int{32, 32, 1}},
		"Azure, later model": {"azure_openai", embed.Common{}, numbered(200, 1), []int{200}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, server := providers[test.provider].start(t, nil, alone(test.common))
			mustEmbed(t, e, test.texts...)
			require.Equal(t, test.want, sizes(server))
		})
	}
}

// TestLearning: the service takes less than the packer thought. One request is refused,
// no text is sent again that was accepted, and later calls fit at once.
func TestLearning(t *testing.T) {
	tests := map[string]struct {
		service     func(*embedtest.Options)
		texts       []string
		first, next []int
	}{
		"texts": {
			func(o *embedtest.Options) { o.MaxTexts = 16 }, numbered(32, 1),
			[]int{0, 16, 16}, []int{16, 16},
		},
		"tokens": {
			func(o *embedtest.Options) { o.MaxTokens = 50 }, numbered(10, 10),
			[]int{0, 5, 5}, []int{5, 5},
		},
		"bytes": {
			func(o *embedtest.Options) { o.MaxBytes = 1000 }, numbered(16, 40),
			nil, nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			forEach(t, func(t *testing.T, p provider) {
				e, server := p.start(t, test.service, alone(embed.Common{Counter: words{}, MaxTexts: 32}))
				require.Equal(t, embedtest.Vectors(test.texts, 8), mustEmbed(t, e, test.texts...))
				require.Equal(t, test.texts, server.Texts(), "every text once")
				if test.next == nil {
					return
				}
				require.Equal(t, test.first, sizes(server))
				mustEmbed(t, e, test.texts...)
				require.Equal(t, append(test.first, test.next...), sizes(server), "learned")
			})
		})
	}
}

// TestLearningFromAnUnknownLimit: without a number the request is halved.
func TestLearningFromAnUnknownLimit(t *testing.T) {
	e, server := providers["openai_compatible"].start(t, nil, alone(embed.Common{}))
	mustEmbed(t, e, "settle the form")
	server.Fail(embedtest.Status(413, "", "too much"), embedtest.Status(400, "array_above_max_length", "no"))
	texts := numbered(8, 2)
	require.Equal(t, embedtest.Vectors(texts, 8), mustEmbed(t, e, texts...))
	require.Greater(t, server.Counts().Requests, 4)
}

// TestARefusedTextIsFound: a service that refuses one text of many refuses the whole
// request; only that text is missing in the end, and the others are paid for once.
func TestARefusedTextIsFound(t *testing.T) {
	picky := func(o *embedtest.Options) { o.Refuse = func(text string) bool { return strings.Contains(text, "bad") } }
	forEach(t, func(t *testing.T, p provider) {
		texts := numbered(20, 1)
		texts[3], texts[17] = "bad one", "bad two"
		e, server := p.start(t, picky, alone(embed.Common{}))
		mustEmbed(t, e, "settle the form")
		before := server.Counts()

		vectors, err := e.EmbedSome(t.Context(), texts)
		require.Equal(t, []int{3, 17}, requireError(t, err).Texts)
		want := embedtest.Vectors(texts, 8)
		want[3], want[17] = nil, nil
		require.Equal(t, want, vectors)
		require.Equal(t, 18+1, server.Counts().Texts-before.Texts, "each good text once, and one that is known to be good")

		vectors, err = e.Embed(t.Context(), texts)
		require.Nil(t, vectors)
		require.Equal(t, []int{3}, requireError(t, err).Texts)
		require.False(t, requireError(t, err).Retryable())
	})
}

// TestARefusalOfAllIsNoRefusalOfTexts: what the service has against every request is
// not blamed on the texts, and is not asked for each of them.
func TestARefusalOfAllIsNoRefusalOfTexts(t *testing.T) {
	forEach(t, func(t *testing.T, p provider) {
		all := func(o *embedtest.Options) { o.Refuse = func(string) bool { return true } }
		e, server := p.start(t, all, alone(embed.Common{}))
		for _, n := range []int{1, 2, 50} {
			vectors, err := e.EmbedSome(t.Context(), numbered(n, 1))
			require.Nil(t, vectors)
			require.Nil(t, requireError(t, err).Texts)
		}
		require.Less(t, server.Counts().Requests, 40)
	})
	forEach(t, func(t *testing.T, p provider) {
		picky := func(o *embedtest.Options) { o.Refuse = func(text string) bool { return text == "bad" } }
		e, _ := p.start(t, picky, alone(embed.Common{}))
		vectors, err := e.EmbedSome(t.Context(), []string{"bad", "good", "bad", "good"})
		require.Equal(t, []int{0, 2}, requireError(t, err).Texts, "the first request of all")
		require.Nil(t, vectors[0])
		require.NotNil(t, vectors[1])
	})
}

func TestEmbedSomeKeepsTheOtherVectors(t *testing.T) {
	texts := []string{"a", "b", "c", "d"}
	want := embedtest.Vectors(texts, 8)
	vectors := embedtest.Vectors(texts, 8)
	vectors[0], vectors[2] = make(embed.Vector, 8), make(embed.Vector, 8)
	want[0], want[2] = nil, nil
	e, server := providers["openai"].start(t, nil, embed.Common{})
	server.Fail(embedtest.Fault{Body: string(embedtest.Reply("text-embedding-3-small", vectors, true, 4))})
	got, err := e.EmbedSome(t.Context(), texts)
	require.Equal(t, []int{0, 2}, requireError(t, err).Texts)
	require.Equal(t, want, got)
	require.Equal(t, 1, server.Counts().Requests)
	require.Equal(t, embed.Usage{Requests: 1, Texts: 4, Tokens: 4}, e.Usage(), "paid for")

	server.Fail(embedtest.Status(401, "", "no"))
	got, err = e.EmbedSome(t.Context(), texts)
	require.Nil(t, got, "an error that is not about texts")
	require.Nil(t, requireError(t, err).Texts)

	got, err = e.EmbedSome(t.Context(), texts)
	require.NoError(t, err)
	require.Equal(t, embedtest.Vectors(texts, 8), got)
}
