package embed_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// times is a fault that does not pass.
func times(n int, fault embedtest.Fault) []embedtest.Fault {
	return slices.Repeat([]embedtest.Fault{fault}, n)
}

func refuse(words string) func(*embedtest.Options) {
	return func(o *embedtest.Options) {
		o.Refuse = func(text string) bool { return strings.Contains(text, words) }
	}
}

// outOfBudget is what LiteLLM answers to everything once a budget is used up, with
// words that this package does not know.
var outOfBudget = embedtest.Status(400, "", "ExceededBudget: the team has spent it all")

// TestAServiceThatRefusesEverything: no text is blamed, no texts are lost, and no
// more than a handful of requests is made, however many texts there are.
func TestAServiceThatRefusesEverything(t *testing.T) {
	faults := map[string]embedtest.Fault{
		"400":          outOfBudget,
		"422":          {Status: 422, Body: `{"detail":[{"loc":["body"],"msg":"not today"}]}`},
		"400, no body": {Status: 400, Body: " "},
		"413":          embedtest.Status(413, "", "too large"),
	}
	for name, fault := range faults {
		for _, settled := range []bool{true, false} {
			for _, n := range []int{1, 2, 20} {
				t.Run(fmt.Sprintf("%s/settled %v/%d texts", name, settled, n), func(t *testing.T) {
					forEach(t, func(t *testing.T, p provider) {
						e, server := p.start(t, nil, alone(embed.Common{Counter: words{}}))
						if settled {
							mustEmbed(t, e, "settle the form")
						}
						before := server.Counts().Requests
						server.Fail(times(1000, fault)...)
						vectors, err := e.EmbedSome(t.Context(), numbered(n, 3))
						require.Nil(t, vectors)
						got := requireError(t, err)
						require.Nil(t, got.Texts)
						require.True(t, got.ConfigFault())
						require.Contains(t, got.Message, "no text is to blame")
						require.LessOrEqual(t, server.Counts().Requests-before, 8)
					})
				})
			}
		}
	}
}

// TestAServiceThatDiesOnTheWay: from some request on it refuses everything, in the
// middle of looking for the one text that it refuses anyway, too. Only that text may be
// blamed.
func TestAServiceThatDiesOnTheWay(t *testing.T) {
	for _, bad := range []int{0, 13, 31} {
		texts := numbered(32, 1)
		texts[bad] = "bad"
		done := false
		for lives := 0; !done; lives++ {
			require.Less(t, lives, 20)
			t.Run(fmt.Sprintf("text %d/%d requests", bad, lives), func(t *testing.T) {
				e, server := providers["openai_compatible"].start(t, refuse("bad"), alone(embed.Common{}))
				mustEmbed(t, e, "settle the form")
				server.Fail(append(times(lives, embedtest.Fault{}), times(1000, outOfBudget)...)...)
				vectors, err := e.EmbedSome(t.Context(), texts)
				got := requireError(t, err)
				require.LessOrEqual(t, server.Counts().Requests-lives, 9)
				if vectors == nil {
					require.Nil(t, got.Texts)
					require.Contains(t, got.Message, "ExceededBudget")
					return
				}
				done = true
				require.Equal(t, []int{bad}, got.Texts)
			})
		}
	}
}

// TestManyBatchesAtATimeDie: the requests that were under way are all that is asked.
func TestManyBatchesAtATimeDie(t *testing.T) {
	e, server := providers["openai_compatible"].start(t, nil, embed.Common{})
	mustEmbed(t, e, "settle the form")
	server.Fail(times(1000, outOfBudget)...)
	vectors, err := e.EmbedSome(t.Context(), numbered(3200, 1))
	require.Nil(t, vectors)
	require.Nil(t, requireError(t, err).Texts)
	require.LessOrEqual(t, server.Counts().Requests, 30)
}

// TestAContentFilterMayRefuseAllTexts: the service takes others at the same time, so
// all of them are to blame.
func TestAContentFilterMayRefuseAllTexts(t *testing.T) {
	forEach(t, func(t *testing.T, p provider) {
		e, server := p.start(t, refuse("w"), alone(embed.Common{}))
		texts := numbered(12, 1)
		vectors, err := e.EmbedSome(t.Context(), texts)
		got := requireError(t, err)
		require.Equal(t, make([]embed.Vector, 12), vectors)
		require.Len(t, got.Texts, 12)
		require.LessOrEqual(t, server.Counts().Texts, 12, "known-good texts")
		require.Equal(t, []int{0}, one(t, e, "w").Texts)
	})
}

// one embeds one text in vain.
func one(t *testing.T, e embed.SomeEmbedder, text string) *embed.Error {
	t.Helper()
	_, err := e.EmbedSome(t.Context(), []string{text})
	return requireError(t, err)
}

// TestAKnownGoodTextMayBeRefused: what was good before a content filter changed does
// not speak for the service, as long as a neutral word does.
func TestAKnownGoodTextMayBeRefused(t *testing.T) {
	forEach(t, func(t *testing.T, p provider) {
		moderated := false
		e, server := p.start(t, func(o *embedtest.Options) {
			o.Refuse = func(text string) bool { return moderated && text != "test" }
		}, alone(embed.Common{}))
		mustEmbed(t, e, "good for now")
		moderated = true
		require.Equal(t, []int{0}, one(t, e, "a").Texts)
		require.Equal(t, 1+3, server.Counts().Requests)
	})
}

// TestAKnownGoodTextIsPaidFor: and in the same way as the others, it is a request that
// may be repeated.
func TestAKnownGoodTextIsPaidFor(t *testing.T) {
	e, server := providers["openai"].start(t, refuse("bad"), alone(embed.Common{}))
	mustEmbed(t, e, "known and good")
	server.Fail(embedtest.Fault{}, embedtest.Status(503, "", "busy"))
	require.Equal(t, []int{0}, one(t, e, "bad").Texts)
	usage := e.(interface{ Usage() embed.Usage }).Usage()
	require.Equal(t, embed.Usage{Requests: 4, Retries: 1, Texts: 2, Tokens: 6}, usage)
}

// TestAKnownGoodTextMayFail: what it fails with ends the run.
func TestAKnownGoodTextMayFail(t *testing.T) {
	e, server := providers["openai"].start(t, refuse("bad"), alone(embed.Common{}))
	mustEmbed(t, e, "known and good")
	server.Fail(embedtest.Fault{}, embedtest.Status(401, "invalid_api_key", "expired"))
	got := one(t, e, "bad")
	require.Nil(t, got.Texts)
	require.Equal(t, http.StatusUnauthorized, got.HTTPStatus)
}

// TestABrokenModelIsNotTheTextsFault: vectors of zeros for all texts, as a model with
// an overflow computes them.
func TestABrokenModelIsNotTheTextsFault(t *testing.T) {
	zeros := func(n int) embedtest.Fault {
		return embedtest.Fault{Body: string(embedtest.Reply("", slices.Repeat([]embed.Vector{make(embed.Vector, 8)}, n), true, n))}
	}
	e, server := providers["openai_compatible"].start(t, nil, alone(embed.Common{}))
	mustEmbed(t, e, "settle the form")
	server.Fail(zeros(3), zeros(1), zeros(1))
	vectors, err := e.EmbedSome(t.Context(), numbered(3, 1))
	require.Nil(t, vectors)
	require.Nil(t, requireError(t, err).Texts)
	server.Fail(zeros(3))
	vectors, err = e.EmbedSome(t.Context(), numbered(3, 1))
	require.Equal(t, []int{0, 1, 2}, requireError(t, err).Texts)
	require.Len(t, vectors, 3)
}

// TestARefusedCheck: nothing is known to be better than the neutral word.
func TestARefusedCheck(t *testing.T) {
	e, server := providers["openai_compatible"].start(t, nil, alone(embed.Common{}))
	server.Fail(outOfBudget, outOfBudget)
	_, err := e.Embed(t.Context(), []string{"test"})
	require.True(t, requireError(t, err).ConfigFault())
	require.Equal(t, 2, server.Counts().Requests, "in either form")
}
