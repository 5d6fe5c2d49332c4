package embed_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
)

// FuzzParseErrorReply feeds arbitrary bodies of refusals. Something is said of each, nothing
// that the service put around a body changes what is said, and a body that a service quotes
// back, which holds the records' texts, is never repeated.
func FuzzParseErrorReply(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"message":"m","type":"t","code":"c"}}`,                                    // OpenAI
		`[{"error":{"message":"m","code":429}}]`,                                             // Gemini: in a list
		`{"object":"error","message":"m","type":"t","code":400}`,                             // vLLM: at the top
		`{"detail":[{"loc":["body",0,"input"],"msg":"m","input":"text"}]}`, `{"detail":"m"}`, // FastAPI
		`{"message":["a","b"]}`, `{"error":"m"}`, `{"error":null,"message":null}`, `{"error_type":"t"}`,
		`{"error":{"message":{"message":"m"}}}`, `{"error":{"error":{"message":"m"}}}`, // deeper than any
		`{"code":1e999,"error":{"code":-0.5}}`, `{"detail":[{},{}]}`, // numbers as they stand, nothing in a list
		`"m"`, `null`, `[]`, `[{},{}]`, `<html>`, ``, " \n", "{\"error\":", "slow down", "\xff\xfe", "{\"message\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := embed.ParseErrorReply(body)
		require.NotEmpty(t, strings.TrimSpace(got.Message)+got.Code+got.Type)
		// A broken character becomes one of three bytes, and an item of a list gets ": , ".
		require.LessOrEqual(t, len(got.Message)+len(got.Code)+len(got.Type), 3*len(body)+200)
		if !json.Valid(body) {
			return
		}
		if object := strings.HasPrefix(strings.TrimSpace(string(body)), "{"); object {
			require.Equal(t, got, embed.ParseErrorReply([]byte("["+string(body)+"]")), "in a list")
		}
		quoted := embed.ParseErrorReply([]byte(`{"error":{"message":"m","code":7,"input":` + string(body) + `},"request":` +
			string(body) + `,"detail":[{"loc":["body"],"msg":"d","input":` + string(body) + `}]}`))
		require.Equal(t, &embed.Error{Message: "m", Code: "7"}, quoted)
		quoted = embed.ParseErrorReply([]byte(`{"detail":[{"loc":["body",1],"msg":"d","input":` + string(body) + `}]}`))
		require.Equal(t, &embed.Error{Message: "body: d"}, quoted)
	})
}

// FuzzRateLimitHeaders feeds arbitrary headers about what may still be sent. Whatever they
// say, nobody waits for longer than headers are believed, a larger request never waits for
// less, and whoever has waited as long as was asked may go.
func FuzzRateLimitHeaders(f *testing.F) {
	f.Add("0", "60", "1s", "", "", 0, 1)           // OpenAI, used up
	f.Add("59", "60", "6m0s", "", "", 100, 60)     // more is on its way than is left
	f.Add("10", "60", "0.5", "1.5", "1500", 0, 30) // seconds without a unit
	f.Add("0", "0", "0s", "0", "0", 0, 0)          // nothing of nothing
	f.Add("-1", "NaN", "-5s", "-1", "NaN", -1, -1) // no numbers of anything
	f.Add("1e308", "1e309", "1ns", "1e308", "Inf", 0, 1<<62)
	f.Add("0", "1e308", "1ns", "9999999999", "", 0, 1)                        // infinitely fast
	f.Add("0", "1e-300", "2562047h", "", "", 0, 1)                            // and slow, for the longest time
	f.Add("0x1p-2", "1_0", "1h1h", "Fri, 31 Dec 9999 23:59:59 GMT", "", 0, 1) // a date, other spellings
	f.Fuzz(func(t *testing.T, remaining, limit, reset, after, afterMs string, pending, amount int) {
		const longest = time.Minute
		headers := http.Header{"Retry-After": {after}, "Retry-After-Ms": {afterMs}}
		for _, kind := range []string{"Requests", "Tokens"} {
			headers.Set("X-Ratelimit-Remaining-"+kind, remaining)
			headers.Set("X-Ratelimit-Limit-"+kind, limit)
			headers.Set("X-Ratelimit-Reset-"+kind, reset)
		}
		require.GreaterOrEqual(t, embed.RetryAfter(headers), time.Duration(0))
		require.GreaterOrEqual(t, embed.ExhaustedReset(headers), time.Duration(0))
		now := time.Unix(1_700_000_000, 0)
		wait := embed.WaitForAllowance(headers, longest, now, pending)
		first := wait(now, amount)
		require.GreaterOrEqual(t, first, time.Duration(0))
		require.LessOrEqual(t, first, longest)
		require.GreaterOrEqual(t, wait(now, max(amount, amount+1)), first, "a larger one")
		require.Zero(t, wait(now.Add(first), amount), "after %s", first)
	})
}
