package embed_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/retry"
)

// requireError requires an *embed.Error that tells the key in none of its parts.
func requireError(t *testing.T, err error) *embed.Error {
	t.Helper()
	require.Error(t, err)
	var e *embed.Error
	require.ErrorAs(t, err, &e)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", cause, cause, cause), "MARKED")
		require.NotContains(t, fmt.Sprintf("%+v", *e), "MARKED")
	}
	require.True(t, strings.HasPrefix(e.Error(), "embed: "+e.Provider+": "), e.Error())
	require.Less(t, len(e.Error()), 1000)
	return e
}

// bend makes a fault that changes a good reply, parsed.
func bend(change func(reply map[string]any, data []any)) embedtest.Fault {
	return embedtest.Fault{Bend: func(body []byte) []byte {
		var reply map[string]any
		if err := json.Unmarshal(body, &reply); err != nil {
			return []byte(err.Error())
		}
		change(reply, reply["data"].([]any))
		out, err := json.Marshal(reply)
		if err != nil {
			return []byte(err.Error())
		}
		return out
	}}
}

func withItem(i int, field string, value any) embedtest.Fault {
	return bend(func(_ map[string]any, data []any) { data[i].(map[string]any)[field] = value })
}

func withVector(i int, v embed.Vector) embedtest.Fault {
	return withItem(i, "embedding", embedtest.Base64(v))
}

func body(text string) embedtest.Fault { return embedtest.Fault{Body: text} }

var inf, nan = float32(math.Inf(1)), float32(math.NaN())

type faultTest struct {
	fault     embedtest.Fault
	want      string // in the message
	setting   string
	retryable bool
	config    bool
	texts     []int
	// perText faults may be about one text: the others are asked for again.
	perText bool
	// everything faults may be, too, and a known-good text is asked for before.
	everything bool
}

// The constructors name what the connector will do: stop with a system_error, stop
// with a config_error, or try again.
func wrong(setting, want string, fault embedtest.Fault) faultTest {
	return faultTest{fault: fault, want: want, setting: setting}
}

func misconfigured(setting, want string, fault embedtest.Fault) faultTest {
	return faultTest{fault: fault, want: want, setting: setting, config: true}
}

func passing(setting, want string, fault embedtest.Fault) faultTest {
	return faultTest{fault: fault, want: want, setting: setting, retryable: true}
}

// lost is a page that is none of an embeddings API, where one was before: it may pass,
// and the address is wrong when it stays.
func lost(want string, fault embedtest.Fault) faultTest {
	return faultTest{fault: fault, want: want, setting: address, config: true, retryable: true}
}

// about makes a fault one that may be about one text, here the first.
func about(test faultTest) faultTest {
	test.perText, test.texts = true, []int{0}
	return test
}

// unlessAll makes a fault that ends all when known-good texts meet it as well.
func unlessAll(setting, want string, fault embedtest.Fault) faultTest {
	return faultTest{fault: fault, want: want, setting: setting, config: true, everything: true}
}

func badVector(text int, want string, fault embedtest.Fault) faultTest {
	return faultTest{fault: fault, want: want, setting: model, texts: []int{text}}
}

const (
	address    = "embedding.base_url"
	key        = "embedding.api_key"
	model      = "embedding.model_name"
	dimensions = "embedding.dimensions"
	chunkSize  = "processing.chunk_size"
)

func withData(change func(data []any) []any) embedtest.Fault {
	return bend(func(r map[string]any, data []any) { r["data"] = change(data) })
}

func without(field string) embedtest.Fault {
	return bend(func(_ map[string]any, data []any) { delete(data[1].(map[string]any), field) })
}

func cut(change func(body []byte) []byte) embedtest.Fault { return embedtest.Fault{Bend: change} }

var replyFaults = map[string]faultTest{
	"too few vectors": wrong(address, "2 vectors came for 3 texts", withData(func(d []any) []any { return d[:2] })),
	"too many vectors": wrong(address, "4 vectors came for 3 texts",
		withData(func(d []any) []any { return append(d, d[0]) })),
	"no vectors": wrong(address, "0 vectors came for 3 texts", withData(func([]any) []any { return []any{} })),

	"duplicate index": wrong(address, "two vectors came with index 0", withItem(1, "index", 0)),
	"index too high":  wrong(address, "index 3 for 3 texts", withItem(1, "index", 3)),
	"negative index":  wrong(address, "index -1", withItem(1, "index", -1)),
	"index null":      wrong(address, "index null", withItem(1, "index", nil)),
	"index a text":    wrong(address, `index "1"`, withItem(1, "index", "1")),
	"missing index":   wrong(address, "without index", without("index")),

	"missing embedding":  wrong(address, "no embedding came with index 1", without("embedding")),
	"embedding null":     wrong(address, "neither base64 nor a list", withItem(1, "embedding", nil)),
	"embedding object":   wrong(address, "neither base64", withItem(1, "embedding", map[string]any{})),
	"embedding nested":   wrong(address, "not a number", withItem(1, "embedding", [][]int{{1}})),
	"not base64":         wrong(address, "not base64", withItem(1, "embedding", "####")),
	"base64 of 3 bytes":  wrong(address, "not base64 of 4-byte", withItem(1, "embedding", "AAAA")),
	"data not a list":    wrong(address, "data that is not a list", body(`{"data":{}}`)),
	"data null":          wrong(address, "data that is not a list", body(`{"data":null}`)),
	"data twice":         wrong(address, "two lists", body(`{"data":[],"data":[]}`)),
	"item not an object": wrong(address, "not an object", body(`{"data":[1]}`)),
	"longer than allowed": wrong(address, "longer than",
		cut(func([]byte) []byte { return bytes.Repeat([]byte(" "), 4<<20) })),

	"dimension too low": misconfigured(dimensions, "3 dimensions, not the configured 8",
		withVector(1, embed.Vector{1, 2, 3})),
	"dimension too high": misconfigured(dimensions, "4096 dimensions, not the configured 8",
		withItem(0, "embedding", make([]int, 4096))),
	"base64 empty": misconfigured(dimensions, "0 dimensions, not the configured 8",
		withItem(1, "embedding", "")),

	"NaN":            badVector(1, "not finite", withVector(1, embed.Vector{0, nan, 0, 0, 0, 0, 0, 1})),
	"infinite":       badVector(2, "not finite", withVector(2, embed.Vector{0, -inf, 0, 0, 0, 0, 0, 1})),
	"beyond float32": badVector(1, "not finite", withItem(1, "embedding", []any{1e300, 1, 1, 1, 1, 1, 1, 1})),
	"all zero":       badVector(0, "zeros", withVector(0, make(embed.Vector, 8))),
	"all minus zero": badVector(0, "zeros", withItem(0, "embedding", json.RawMessage(`[-0.0,0,0,0,0,0,0,0]`))),
	"Python's NaN":   unlessAll(model, "not finite", body(`{"data":[{"index":0,"embedding":[0.5,NaN]}]}`)),

	"cut short":   passing(address, "not valid JSON", cut(func(b []byte) []byte { return b[:len(b)/2] })),
	"empty":       passing(address, "empty", cut(func([]byte) []byte { return nil })),
	"text behind": passing(address, "not valid JSON", cut(func(b []byte) []byte { return append(b, "{}"...) })),

	"HTML page":   lost("HTML page", body("\n<!DOCTYPE html><p>"+markedKey)),
	"plain text":  lost("Ollama is running [redacted]", body("Ollama is running "+markedKey)),
	"bare list":   lost("is a list", body(`[[1,2]]`)),
	"another API": lost("not one of an embeddings API", body(`{"models":[]}`)),

	"error object":      passing("", "odd [redacted]", body(`{"error":{"message":"odd `+markedKey+`"},"data":[]}`)),
	"error with status": misconfigured(key, "no credits", body(`{"error":{"message":"no credits","code":402}}`)),
	"error text":        misconfigured(model, "model_not_found", body(`{"error":"model_not_found"}`)),
}

// status is an error reply that repeats the key.
func status(code int, name, message string) embedtest.Fault {
	return embedtest.Status(code, name, message+" "+markedKey)
}

var statusFaults = map[string]faultTest{
	"400":          unlessAll("", "input' is invalid", status(400, "", "'$.input' is invalid.")),
	"400 model":    misconfigured(model, "invalid model", status(400, "", "invalid model ID")),
	"400 too long": about(misconfigured(chunkSize, "8192", status(400, "", "maximum context length is 8192 tokens"))),
	"400 budget":   misconfigured(key, "Budget", status(400, "budget_exceeded", "Budget has been exceeded!")),
	"400 expired": misconfigured(key, "API key expired", embedtest.Fault{Status: 400, Body: `[{"error":{"code":400,` +
		`"message":"API key expired. Please renew it.","status":"INVALID_ARGUMENT"}}]`}),
	"400 LiteLLM":   unlessAll("", "invalid", status(400, "400", "input is invalid. Received Model Group=m")),
	"400 moderated": unlessAll("", "filtered", status(400, "content_filter", "filtered for the model's sake")),
	"401":           misconfigured(key, "(invalid_api_key)", status(401, "invalid_api_key", "Incorrect API key")),
	"402":           misconfigured(key, "pay", status(402, "", "pay")),
	"403":           misconfigured(key, "403 Forbidden", status(403, "", "no")),
	"404":           lost("Not Found", embedtest.Fault{Status: 404, Body: `{"detail":"Not Found"}`}),
	"404 model":     misconfigured(model, "no such", status(404, "model_not_found", "no such")),
	"405":           lost("405", status(405, "", "no POST")),
	"408":           passing("", "slow", status(408, "", "slow")),
	"413":           about(misconfigured(chunkSize, "too big", status(413, "", "too big"))),
	"429":           passing("", "slow down", status(429, "rate_limit_exceeded", "slow down")),
	"429 no quota":  misconfigured(key, "pay", status(429, "insufficient_quota", "pay")),
	"500":           passing("", "oops", status(500, "", "oops")),
	"500 too long":  about(misconfigured(chunkSize, "large", status(500, "", "input is too large to process"))),
	"501":           lost("not here", status(501, "", "not here")),
	"529":           passing("", "overloaded", status(529, "", "overloaded")),
	"502 HTML":      passing("", "502 Bad Gateway", embedtest.Fault{Status: 502, Body: "<html>" + markedKey}),
	"503 no body":   passing("", "empty", embedtest.Fault{Status: 503, Bend: func([]byte) []byte { return nil }}),
	"503 long text": passing("", "...",
		embedtest.Fault{Status: 503, Body: strings.Repeat("é ", 5000) + markedKey}),
	"503 key across the cut": passing("", "...",
		embedtest.Fault{Status: 503, Body: strings.Repeat("x", 465) + markedKey + strings.Repeat("y", 500)}),
	"422 with the input": unlessAll("", "body.input: bad", embedtest.Fault{Status: 422, Body: `{"detail":[` +
		`{"loc":["body","input",0],"msg":"bad","input":"record text"}],"x":"` + markedKey + `"}`}),
	"redirect": lost("redirects to https://other.example/v2,", embedtest.Fault{
		Status: 308,
		Header: http.Header{"Location": {"https://other.example/v2?k=" + url.QueryEscape(markedKey)}},
	}),
	"redirect to nowhere": lost("302 Found", embedtest.Fault{Status: 302}),
}

func TestOpenAICompatibleReplyFaults(t *testing.T) { testFaults(t, replyFaults) }

func TestOpenAICompatibleStatusFaults(t *testing.T) { testFaults(t, statusFaults) }

// testFaults injects each fault twice: for good, and once before a good reply.
func testFaults(t *testing.T, tests map[string]faultTest) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := embedtest.NewServer(strict())
			e := newCompatible(t, server, nil)
			mustEmbed(t, e, "settle the encoding")
			server.Fail(test.fault, test.fault, test.fault)
			vectors, err := e.Embed(t.Context(), []string{"a", "b", "c"})
			require.Nil(t, vectors)
			got := requireError(t, err)
			require.Contains(t, got.Message+got.Error(), test.want)
			require.Equal(t, test.setting, got.Setting)
			require.Equal(t, test.retryable, got.Retryable(), "retryable")
			require.Equal(t, test.config, got.ConfigFault(), "config fault")
			require.Equal(t, test.texts, got.Texts)
			require.NotContains(t, got.Error(), "record text")
			attempts := 1
			if test.retryable {
				attempts = quick.MaxAttempts
			}
			if test.perText {
				attempts = 2
			}
			if test.everything {
				attempts = 3
			}
			require.Equal(t, 1+attempts, server.Counts().Requests)
		})
		t.Run(name+" once", func(t *testing.T) {
			server := embedtest.NewServer(strict())
			e := newCompatible(t, server, nil)
			mustEmbed(t, e, "settle the encoding")
			server.Fail(test.fault)
			vectors, err := e.Embed(t.Context(), []string{"a", "b", "c"})
			require.Equal(t, test.retryable || test.perText || test.everything, err == nil)
			if err == nil {
				require.Equal(t, embedtest.Vectors([]string{"a", "b", "c"}, 8), vectors)
			}
		})
	}
}

func TestOpenAICompatiblePutsVectorsInOrder(t *testing.T) {
	server := embedtest.NewServer(strict())
	server.Fail(bend(func(_ map[string]any, data []any) { data[0], data[2] = data[2], data[0] }))
	got := mustEmbed(t, newCompatible(t, server, nil), "a", "b", "c")
	require.Equal(t, embedtest.Vectors([]string{"a", "b", "c"}, 8), got)
}

func TestOpenAICompatibleTellsWhichText(t *testing.T) {
	server := embedtest.NewServer(strict())
	e := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) { o.MaxTexts, o.Common.MaxConcurrency = 2, 1 })
	server.Fail(embedtest.Fault{}, withVector(1, make(embed.Vector, 8)))
	_, err := e.Embed(t.Context(), []string{"a", "b", "c", "d", "e"})
	require.Equal(t, []int{3}, requireError(t, err).Texts)
}

// failing is a transport without a network behind it.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestOpenAICompatibleNetworkFaults(t *testing.T) {
	tests := map[string]struct {
		err               error
		retryable, config bool
	}{
		"reset":        {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, true, false},
		"refused":      {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true, false},
		"unknown host": {&net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}, true, true},
		"DNS timeout":  {&net.DNSError{Err: "timeout", Name: "h", IsTimeout: true}, true, false},
		"certificate":  {&tls.CertificateVerificationError{Err: errors.New("expired")}, false, true},
		"no TLS":       {http.ErrSchemeMismatch, false, true},
		"echo":         {errors.New("malformed HTTP response " + markedKey), true, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := newCompatible(t, embedtest.NewServer(strict()), func(o *embed.OpenAICompatibleOptions) {
				o.Transport = failing{test.err}
				o.BaseURL = "https://u:" + url.PathEscape(markedKey) + "@h.example/v1?k=" + url.QueryEscape(markedKey)
			})
			_, err := e.Embed(t.Context(), []string{"a"})
			got := requireError(t, err)
			require.Equal(t, test.retryable, got.Retryable(), "retryable")
			require.Equal(t, test.config, got.ConfigFault(), "config fault")
			require.Equal(t, "embedding.base_url", got.Setting)
			require.Equal(t, "https://h.example/v1/embeddings", got.Endpoint)
			if name != "echo" {
				require.ErrorIs(t, err, test.err)
			}
			attempts := int64(1)
			if test.retryable {
				attempts = int64(quick.MaxAttempts)
			}
			require.Equal(t, attempts, e.Usage().Requests)
		})
	}
}

func TestOpenAICompatibleSurvivesAReset(t *testing.T) {
	server := embedtest.NewServer(strict())
	listener := httptest.NewServer(server)
	defer listener.Close()
	e := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) {
		o.BaseURL, o.Transport = listener.URL+"/v1", nil
	})
	defer e.CloseIdleConnections()
	server.Fail(embedtest.Fault{Reset: true}, embedtest.Fault{Header: http.Header{"Content-Length": {"9999"}}})
	mustEmbed(t, e, "a")
	require.Equal(t, 3, server.Counts().Requests)
}

func TestOpenAICompatibleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := embedtest.NewServer(strict())
		e := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) { o.Retry = retry.Policy{MaxAttempts: 1} })
		server.Fail(embedtest.Fault{Hang: true})
		start := time.Now()
		_, err := e.Embed(t.Context(), []string{"a"})
		got := requireError(t, err)
		require.Equal(t, embed.DefaultTimeout, time.Since(start))
		require.True(t, got.Retryable())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Contains(t, got.Error(), "no reply within 1m0s")
	})
}

func TestOpenAICompatibleWaitsAsAsked(t *testing.T) {
	tests := map[string]struct {
		header, value string
		want          time.Duration
	}{
		"seconds":      {"Retry-After", "7", 7 * time.Second},
		"fractions":    {"Retry-After", "0.5", 500 * time.Millisecond},
		"milliseconds": {"Retry-After-Ms", "1500", 1500 * time.Millisecond},
		// Time in a synctest bubble starts at midnight 2000-01-01 UTC.
		"date":      {"Retry-After", "Sat, 01 Jan 2000 00:00:09 GMT", 9 * time.Second},
		"past date": {"Retry-After", "Fri, 31 Dec 1999 00:00:00 GMT", 0},
		"negative":  {"Retry-After", "-3", 0},
		"NaN":       {"Retry-After", "NaN", 0},
		"overflow":  {"Retry-After", "1e300", 24 * time.Hour},
		"nonsense":  {"Retry-After", "soon", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := embedtest.NewServer(strict())
				policy := retry.Policy{MaxAttempts: 2, Base: 1, Max: 1, Budget: 48 * time.Hour}
				e := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) { o.Retry = policy })
				fault := embedtest.Status(429, "rate_limit_exceeded", "slow down")
				fault.Header = http.Header{test.header: {test.value}}
				server.Fail(fault)
				start := time.Now()
				mustEmbed(t, e, "a")
				require.InDelta(t, test.want, time.Since(start), 10)
			})
		})
	}
}

func TestOpenAICompatibleStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := embedtest.NewServer(strict())
		e := newCompatible(t, server, nil)
		server.Fail(embedtest.Fault{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := e.Embed(ctx, []string{"a"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotContains(t, err.Error(), "MARKED")
		require.Equal(t, 1, server.Counts().Requests)
	})
}
