package embed_test

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/embed"
)

// tolerance is how far a service's rounding may move an element of a vector.
const tolerance = 1e-5

// testEmbedder holds an Embedder to the contract of the interface. Every
// implementation runs it; fresh returns a new one that is ready to use.
func testEmbedder(t *testing.T, fresh func(t *testing.T) embed.Embedder) {
	t.Run("one vector per text", func(t *testing.T) { testVectors(t, fresh(t)) })
	t.Run("order", func(t *testing.T) { testOrder(t, fresh(t)) })
	t.Run("many texts", func(t *testing.T) { testManyTexts(t, fresh(t)) })
	t.Run("no text", func(t *testing.T) { testNoText(t, fresh(t)) })
	t.Run("own memory", func(t *testing.T) { testOwnMemory(t, fresh(t)) })
	t.Run("concurrent", func(t *testing.T) { testConcurrent(t, fresh(t)) })
	t.Run("cancelled", func(t *testing.T) { testCancelled(t, fresh(t)) })
	t.Run("fingerprint", func(t *testing.T) { testFingerprint(t, fresh(t), fresh(t)) })
}

var conformanceTexts = []string{
	"The old ferry leaves the harbour at dawn.",
	"Die alte Fähre verlässt den Hafen im Morgengrauen.",
	"老渡船在清晨的雾里慢慢离开码头",
	"🚢",
	"quotes \" and \\ and </script> and \u2028 and \x00",
	strings.Repeat("a long text ", 2000),
}

func mustEmbed(t *testing.T, e embed.Embedder, texts ...string) []embed.Vector {
	t.Helper()
	vectors, err := e.Embed(t.Context(), texts)
	require.NoError(t, err)
	require.Len(t, vectors, len(texts))
	return vectors
}

func testVectors(t *testing.T, e embed.Embedder) {
	require.Positive(t, e.Dimension())
	given := slices.Clone(conformanceTexts)
	for i, v := range mustEmbed(t, e, given...) {
		require.Len(t, v, e.Dimension(), "text %d", i)
		require.NotZero(t, norm(v), "text %d", i)
		require.False(t, math.IsNaN(norm(v)) || math.IsInf(norm(v), 0), "text %d", i)
	}
	require.Equal(t, conformanceTexts, given, "the texts were changed")
}

func testOrder(t *testing.T, e embed.Embedder) {
	texts := append(slices.Clone(conformanceTexts), conformanceTexts[0])
	together := mustEmbed(t, e, texts...)
	for i, text := range texts {
		alone := mustEmbed(t, e, text)[0]
		require.InDeltaSlice(t, alone, together[i], tolerance, "text %d", i)
	}
	require.InDeltaSlice(t, together[0], together[len(texts)-1], tolerance, "equal texts")
	require.NotEqual(t, together[0], together[1], "unequal texts")
}

func testManyTexts(t *testing.T, e embed.Embedder) {
	var texts []string
	for i := range 300 {
		texts = append(texts, "text number "+strconv.Itoa(i))
	}
	vectors := mustEmbed(t, e, texts...)
	for _, i := range []int{0, 31, 32, 63, 64, 150, 299} {
		require.InDeltaSlice(t, mustEmbed(t, e, texts[i])[0], vectors[i], tolerance, "text %d", i)
	}
}

func testNoText(t *testing.T, e embed.Embedder) {
	require.Empty(t, mustEmbed(t, e))
	vectors, err := e.Embed(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, vectors)
}

func testOwnMemory(t *testing.T, e embed.Embedder) {
	first := mustEmbed(t, e, "a", "a", "b")
	want := slices.Clone(first[1])
	clear(first[0])
	_ = append(first[0], 1)
	clear(first[2])
	require.Equal(t, want, first[1])
	require.InDeltaSlice(t, want, mustEmbed(t, e, "a")[0], tolerance)
}

func testConcurrent(t *testing.T, e embed.Embedder) {
	want := mustEmbed(t, e, conformanceTexts...)
	group, ctx := errgroup.WithContext(t.Context())
	results := make([][]embed.Vector, 8)
	for i := range results {
		group.Go(func() (err error) {
			results[i], err = e.Embed(ctx, conformanceTexts)
			return err
		})
	}
	require.NoError(t, group.Wait())
	for _, got := range results {
		for i := range want {
			require.InDeltaSlice(t, want[i], got[i], tolerance)
		}
	}
}

func testCancelled(t *testing.T, e embed.Embedder) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	vectors, err := e.Embed(ctx, []string{"a"})
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, vectors)
}

func testFingerprint(t *testing.T, e, other embed.Embedder) {
	require.Equal(t, e.Fingerprint(), other.Fingerprint())
	require.True(t, strings.HasSuffix(e.Fingerprint(), "/"+strconv.Itoa(e.Dimension())), e.Fingerprint())
	require.GreaterOrEqual(t, strings.Count(e.Fingerprint(), "/"), 2, "provider/model/dimension")
	require.NotContains(t, e.Fingerprint(), "MARKED")
}

func norm(v embed.Vector) float64 {
	var square float64
	for _, f := range v {
		square += float64(f) * float64(f)
	}
	return math.Sqrt(square)
}

func dot(a, b embed.Vector) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
