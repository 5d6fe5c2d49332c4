package embed_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
)

func TestFakeConformance(t *testing.T) {
	testEmbedder(t, func(*testing.T) embed.Embedder { return embed.NewFake() })
}

// corpus has the same little words everywhere, so that only the others tell its
// paragraphs apart.
var corpus = []string{
	"The harbour of the town was quiet in the morning, and the old ferry left it with only two passengers on board.",
	"A bakery in the town sells bread and cakes, and the baker gets up at three in the morning to heat the oven.",
	"The committee of the parliament voted on the budget, and the minister of finance defended it for two hours.",
	"Eine Fähre verbindet die Insel mit dem Festland, und im Winter fährt sie nur einmal am Tag.",
	"Der Bäcker in der Straße verkauft Brot und Kuchen, und im Winter heizt er den Ofen schon um drei Uhr.",
	"老渡船在清晨的雾里慢慢离开码头,没有人知道它要去哪里。",
	"面包师每天早上三点起床,为镇上的人烤面包。",
	"東京の図書館には古い地図がたくさん保存されています。",
	"Паром уходит из гавани на рассвете, и на борту только двое пассажиров.",
	"Release 2.14.1 fixes error E4711 when the cursor field is null 🚢.",
}

func TestFakeRanksSharedWordsFirst(t *testing.T) {
	tests := map[string]struct {
		query string
		want  int
	}{
		"english":               {"when does the old ferry leave", 0},
		"english other words":   {"bread from the oven", 1},
		"english one word":      {"parliament", 2},
		"case":                  {"THE MINISTER OF FINANCE", 2},
		"german":                {"Wann fährt die Fähre zur Insel?", 3},
		"german upper case":     {"BÄCKER", 4},
		"german compound":       {"Fährverbindung", 3},
		"german inflected":      {"die Bäckerei, Öfen, heizen", 4},
		"chinese":               {"渡船在哪里", 5},
		"chinese other":         {"烤面包", 6},
		"japanese":              {"図書館の地図", 7},
		"cyrillic":              {"пассажиры парома", 8},
		"identifier":            {"e4711", 9},
		"emoji":                 {"🚢", 9},
		"a paragraph by itself": {corpus[3], 3},
	}
	fake := embed.NewFake()
	stored := mustEmbed(t, fake, corpus...)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			query := mustEmbed(t, fake, test.query)[0]
			best, second := math.Inf(-1), math.Inf(-1)
			first := -1
			for i, v := range stored {
				if d := dot(query, v); d > best {
					best, second, first = d, best, i
				} else if d > second {
					second = d
				}
			}
			require.Equal(t, test.want, first)
			require.Greater(t, best, second+0.02, "the best is not clearly better")
		})
	}
}

func TestFakeWordsWeighMoreThanTrigrams(t *testing.T) {
	v := mustEmbed(t, embed.NewFake(), "transport plans", "plans", "transportation planners")
	require.Greater(t, dot(v[0], v[1]), dot(v[0], v[2]))
	require.Greater(t, dot(v[0], v[2]), 0.1, "parts of words count for nothing")
}

func TestFakeRepetitionCountsLessAndLess(t *testing.T) {
	v := mustEmbed(t, embed.NewFake(), "ferry", "ferry harbour", "ferry ferry ferry ferry harbour")
	once, often := dot(v[0], v[1]), dot(v[0], v[2])
	require.Greater(t, often, once)
	require.Less(t, often, 0.95)
}

func TestFakeUnitLength(t *testing.T) {
	texts := map[string]string{
		"empty":         "",
		"spaces":        " \t\n",
		"punctuation":   "... --- !?",
		"one letter":    "a",
		"invalid UTF-8": "\xff\xfe\x80",
		"only a mark":   "\u0301\ufe0f",
		"NUL":           "\x00",
		"long":          strings.Repeat("lorem ipsum dolor ", 20000),
		"long chinese":  strings.Repeat("渡船", 100000),
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			require.InDelta(t, 1, norm(mustEmbed(t, embed.NewFake(), text)[0]), 1e-6)
		})
	}
}

func TestFakeIgnoresWhatIsNotWords(t *testing.T) {
	v := mustEmbed(t, embed.NewFake(), "The ferry, at dawn!", "the FERRY -- at\n\tdawn", "at dawn the ferry")
	require.Equal(t, v[0], v[1])
	require.Equal(t, v[0], v[2], "word order")
	require.NotEqual(t, v[0], mustEmbed(t, embed.NewFake(), "the ferry at dusk")[0])
}

// TestFakeGolden pins the vectors bit by bit: stored vectors are compared with new
// ones for years. A new hash here needs a new fingerprint.
func TestFakeGolden(t *testing.T) {
	require.Equal(t, "fake/hashed-words-ngrams-v1/1536", embed.NewFake().Fingerprint())
	hash := sha256.New()
	texts := append([]string{"", "a", "\xff", "ﾌｪﾘｰ café cafe\u0301 Ǆ"}, append(corpus, conformanceTexts...)...)
	for _, v := range mustEmbed(t, embed.NewFake(), texts...) {
		require.NoError(t, binary.Write(hash, binary.LittleEndian, v))
	}
	require.Equal(t, "59c28e730c2b0b56ff3b59137390b34d9ef68a74938788a1b5f085189182dbbe", hex.EncodeToString(hash.Sum(nil)))
}

func FuzzFake(f *testing.F) {
	for _, text := range conformanceTexts {
		f.Add(text)
	}
	f.Add("a\u0301\u0301🚢渡b") // each class beside each other
	f.Fuzz(func(t *testing.T, text string) {
		vectors, err := embed.NewFake().Embed(t.Context(), []string{text, text})
		require.NoError(t, err)
		require.InDelta(t, 1, norm(vectors[0]), 1e-6)
		require.Equal(t, vectors[0], vectors[1])
	})
}
