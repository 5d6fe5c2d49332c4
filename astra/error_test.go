package astra_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/internal/retry"
)

// TestCodes states the whole table: what each code of family SERVER means for a write.
func TestCodes(t *testing.T) {
	type meaning struct{ retryable, unknown bool }
	safe, ambiguous, final := meaning{true, false}, meaning{true, true}, meaning{}
	for code, want := range map[string]meaning{
		"COUNT_READ_FAILED":                 safe,
		"FAILED_CONCURRENT_OPERATIONS":      safe,
		"FAILED_TO_CONNECT_TO_DATABASE":     safe,
		"FAILED_TO_READ_METADATA":           safe,
		"FAILED_READ_REQUEST":               safe,
		"TIMEOUT_READING_DATA":              safe,
		"UNAVAILABLE_DATABASE":              safe,
		"UNKNOWN_KEYSPACE":                  safe,
		"COLLECTION_NO_INDEX_ERROR":         safe,
		"FAILED_COMPARE_AND_SET":            ambiguous,
		"FAILED_TRUNCATION":                 ambiguous,
		"FAILED_WRITE_REQUEST":              ambiguous,
		"TIMEOUT_WRITING_DATA":              ambiguous,
		"INTERNAL_SERVER_ERROR":             ambiguous,
		"UNEXPECTED_SERVER_ERROR":           ambiguous,
		"UNEXPECTED_DRIVER_ERROR":           ambiguous,
		"A_CODE_OF_TOMORROW":                ambiguous,
		"INVALID_COLLECTION_QUERY":          final,
		"COLLECTION_SCHEMA_VERSION_INVALID": final,
		"UNEXPECTED_DOCUMENT_ID_TYPE":       final,
		"INVALID_DATABASE_QUERY":            final,
		"UNSUPPORTED_DATABASE_QUERY":        final,
		"CORRUPTED_COLLECTION_SCHEMA":       final,
	} {
		e := &astra.Error{Command: "insertMany", HTTPStatus: 200, Family: "SERVER", Code: code}
		require.Equal(t, want, meaning{e.Retryable(), e.OutcomeUnknown()}, code)
		e.Command = "find"
		require.False(t, e.OutcomeUnknown(), "a read has no outcome")
		e.Command, e.Family = "insertMany", "REQUEST"
		require.Equal(t, final, meaning{e.Retryable(), e.OutcomeUnknown()}, "REQUEST "+code)
	}
}

func TestCodesOfOlderServers(t *testing.T) {
	for old, today := range map[string]string{
		"COLLECTION_NOT_EXIST":         astra.CodeUnknownCollection,
		"KEYSPACE_DOES_NOT_EXIST":      astra.CodeUnknownKeyspace,
		"TOO_MANY_INDEXES":             astra.CodeTooManyIndexes,
		"VECTOR_SIZE_MISMATCH":         astra.CodeInvalidVectorLength,
		"SHRED_DOC_KEY_NAME_VIOLATION": "SHRED_BAD_FIELD_NAME",
		"SHRED_BAD_DOCID_EMPTY_STRING": "SHRED_BAD_DOCID_VALUE",
	} {
		err := fmt.Errorf("wrapped: %w", &astra.Error{Code: old, HTTPStatus: 200})
		require.True(t, astra.HasCode(err, "OTHER", today), old)
		require.True(t, astra.HasCode(err, old), old)
		require.False(t, retry.Retryable(err), old)
	}
	require.False(t, astra.HasCode(errors.New("x"), astra.CodeUnknownKeyspace))
	require.False(t, astra.HasCode(&astra.Error{}, ""))
	timeout := &astra.Error{Command: "insertMany", Code: "SERVER_DRIVER_TIMEOUT", HTTPStatus: 504}
	require.True(t, timeout.Retryable())
	require.True(t, timeout.OutcomeUnknown())
}

func TestAnswersThatAreNotTheDataAPIs(t *testing.T) {
	for name, test := range map[string]struct {
		step      step
		cause     error
		attempts  int
		text      string
		retryable bool
	}{
		"html with 200":   {answer(200, "<html>\n<b>Sign in</b>"), astra.ErrNotDataAPI, 1, `"<html> <b>Sign in</b>"`, false},
		"html with 502":   {answer(502, "<html>Bad Gateway"), nil, 8, ": HTTP 502: <html>Bad Gateway", true},
		"empty with 200":  {answer(200, ""), astra.ErrMalformedReply, 8, "it is empty", true},
		"cut JSON":        {answer(200, `{"data":{"docu`), astra.ErrMalformedReply, 8, "unexpected end of JSON", true},
		"without data":    {answer(200, `{"status":{}}`), astra.ErrMalformedReply, 8, "incomplete", true},
		"wrong types":     {answer(200, `{"data":[1]}`), astra.ErrMalformedReply, 8, "incomplete", true},
		"unknown path":    {answer(404, ""), astra.ErrUnknownPath, 1, "check the endpoint's path", false},
		"404 with a body": {answer(404, "nginx"), nil, 1, "HTTP 404: nginx", false},
		"405":             {answer(405, ""), nil, 1, "HTTP 405", false},
		"413":             {answer(413, ""), astra.ErrRequestTooLarge, 1, "too large", false},
		"415":             {answer(415, ""), nil, 1, "HTTP 415", false},
		"403":             {answer(403, "no"), nil, 1, "HTTP 403: no", false},
		"hibernated":      {answer(503, ""), astra.ErrHibernated, 8, "resume it in the Astra console", true},
		"503 with text":   {answer(503, "busy"), nil, 8, "HTTP 503: busy", true},
		"501":             {answer(501, ""), nil, 1, "HTTP 501", false},
		"redirect": {
			answer(302, "", "Location", "https://login.example/?q=1"), astra.ErrRedirect, 1,
			"(login.example)", false,
		},
		"EOF":          {lose(io.EOF), io.EOF, 8, "EOF", true},
		"no such host": {lose(&net.DNSError{IsNotFound: true}), nil, 1, "", false},
		"DNS trouble":  {lose(&net.DNSError{IsTemporary: true}), nil, 8, "", true},
		"certificate":  {lose(&tls.CertificateVerificationError{Err: errors.New("x509")}), nil, 1, "x509", false},
	} {
		t.Run(name, func(t *testing.T) {
			server := script(test.step)
			_, err := find(t.Context(), articles(t, server))
			e := asError(t, err)
			require.Len(t, server.bodies, test.attempts)
			require.Equal(t, test.retryable, e.Retryable())
			require.Contains(t, err.Error(), "astra: find ks.articles")
			require.Contains(t, err.Error(), test.text)
			if test.cause != nil {
				require.ErrorIs(t, err, test.cause)
			}
		})
	}
}

func TestNothingSentAndOutcomeUnknown(t *testing.T) {
	once := func(o *astra.Options) { o.Retry.MaxAttempts = 1 }
	for name, test := range map[string]struct {
		step          step
		sent, unknown bool
	}{
		"refused":      {lose(refusal), false, false},
		"proxy":        {lose(&net.OpError{Op: "proxyconnect", Err: io.EOF}), false, false},
		"reset":        {lose(reset), true, true},
		"429":          {answer(429, ""), true, false},
		"500":          {answer(500, ""), true, true},
		"400":          {answer(400, ""), true, false},
		"login page":   {answer(200, "<html>"), true, true},
		"driver error": {problems(problem("SERVER", "DATABASE", "UNEXPECTED_DRIVER_ERROR")), true, true},
		"one of several": {problems(problem("REQUEST", "", "COMMAND_FIELD_UNKNOWN"),
			problem("SERVER", "DATABASE", "TIMEOUT_WRITING_DATA")), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			err := newClient(t, script(test.step), once).Database("ks").DeleteCollection(t.Context(), "c")
			e := asError(t, err)
			require.Equal(t, test.sent, !e.NothingSent)
			require.Equal(t, test.unknown, e.OutcomeUnknown())
		})
	}
}

func TestHeadlineOfSeveralErrors(t *testing.T) {
	_, err := find(t.Context(), articles(t, script(problems(
		problem("SERVER", "DATABASE", "UNAVAILABLE_DATABASE"),
		problem("REQUEST", "", "COMMAND_FIELD_UNKNOWN"),
		problem("REQUEST", "SECURITY", "UNAUTHORIZED_ACCESS"),
	))))
	e := asError(t, err)
	require.Equal(t, astra.CodeUnauthorized, e.Code)
	require.Len(t, e.Others, 2)
	require.Equal(t, "astra: find ks.articles: UNAUTHORIZED_ACCESS: "+
		"The message. Second paragraph.: (and 2 more errors)", err.Error())
}

func TestRetryAfter(t *testing.T) {
	for name, test := range map[string]struct {
		header   string
		from, to time.Duration
	}{
		"seconds":  {"7", 7 * time.Second, 8 * time.Second},
		"date":     {"Sat, 01 Jan 2000 00:00:20 GMT", 20 * time.Second, 21 * time.Second},
		"past":     {"Fri, 31 Dec 1999 00:00:00 GMT", 0, time.Second},
		"nonsense": {"5m", 0, time.Second},
		"negative": {"-5", 0, time.Second},
		"none":     {"", 0, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			// The bubble's clock starts at 2000-01-01T00:00:00Z.
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				server := script(answer(429, "", "Retry-After", test.header),
					reply(`{"data":{"documents":[],"nextPageState":null}}`))
				_, err := find(t.Context(), articles(t, server))
				require.NoError(t, err)
				require.GreaterOrEqual(t, time.Since(start), test.from)
				require.LessOrEqual(t, time.Since(start), test.to)
			})
		})
	}
}

func TestTheTokenIsInNoError(t *testing.T) {
	leak := "you sent Token: " + token + " and marked0secret0marked0secret"
	withLeak := problem("REQUEST", "", "COMMAND_FIELD_UNKNOWN")
	withLeak = withLeak[:len(withLeak)-1] + `,"message":"` + leak + `","title":"` + token + `"}`
	for name, s := range map[string]step{
		"round tripper": lose(errors.New(leak)),
		"dial":          lose(&net.OpError{Op: "dial", Err: errors.New(leak)}),
		"page":          answer(200, leak),
		"cut JSON":      answer(200, `{"`+leak),
		"incomplete":    answer(200, `{"a":"`+leak+`"}`),
		"gateway":       answer(500, leak),
		"redirect":      answer(302, "", "Location", "https://x.example/?token="+token),
		"errors":        problems(withLeak),
		"body": func(*http.Request, string) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(leaking{leak})}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			collection := articles(t, script(s), func(o *astra.Options) {
				o.OnRetry = func(e astra.RetryEvent) { requireNoToken(t, e.Err) }
			})
			_, err := find(t.Context(), collection)
			requireNoToken(t, err)
			_, err = collection.InsertMany(t.Context(), notes("a"))
			requireNoToken(t, err)
		})
	}
	for _, o := range []astra.Options{
		{Endpoint: token, Token: token},
		{Endpoint: "https://" + token + "@x.example", Token: token},
		{Endpoint: "https://x.example/%zz" + token, Token: token},
		{Endpoint: "https://x.example?t=" + token, Token: token},
		{Endpoint: "https://x.example", Token: token + "\nX: y"},
		{Token: token},
	} {
		_, err := astra.NewClient(o)
		requireNoToken(t, err)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", o, o, o), token)
	}
	client := newClient(t, script(hang))
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", client, client, client, client), "marked")
}

type leaking struct{ text string }

func (l leaking) Read([]byte) (int, error) { return 0, errors.New(l.text) }

// requireNoToken looks at the text of every error in the tree, in every form.
func requireNoToken(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	for ; err != nil; err = errors.Unwrap(err) {
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "marked0secret")
	}
}

func TestRedactionKeepsTheCausesOfCleanErrors(t *testing.T) {
	_, err := find(t.Context(), articles(t, script(lose(reset))))
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 0, errors.New("caller"))
	defer cancel()
	_, err = find(ctx, articles(t, script(hang)))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// TestShortTokensShredNoMessage: a token of a few characters is part of ordinary words.
func TestShortTokensShredNoMessage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ token, said, want string }{
		{"t", "the table", "the table"},
		{"the", "the table", "the table"},
		{"12345678", "the token 12345678", "the token [redacted]"},
		{"password", "a passwords table, password=password", "a passwords table, [redacted]=[redacted]"},
		{"AstraCS:id:0123456789abcdef", "x0123456789abcdefx", "x[redacted]x"},
		{"AstraCS:id:0123456789ab", "x0123456789abx 0123456789ab", "x0123456789abx [redacted]"},
	} {
		client, err := astra.NewClient(astra.Options{
			Endpoint: "http://localhost", Token: test.token,
			Transport: script(reply(`{"errors":[{"family":"REQUEST","errorCode":"X","message":"` + test.said + `"}]}`)),
		})
		require.NoError(t, err)
		_, err = client.FindKeyspaces(t.Context())
		require.ErrorContains(t, err, test.want)
	}
}

// TestFindEmbeddingProviders reads the names that createCollection takes.
func TestFindEmbeddingProviders(t *testing.T) {
	t.Parallel()
	s := script(reply(`{"status":{"embeddingProviders":{"openai":{"displayName":"OpenAI","url":"https://x",` +
		`"models":[{"name":"text-embedding-3-small","vectorDimension":null}]}}}}`))
	client, err := astra.NewClient(astra.Options{Endpoint: "http://localhost/v1", Token: token, Transport: s})
	require.NoError(t, err)
	found, err := client.FindEmbeddingProviders(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]astra.EmbeddingProvider{
		"openai": {DisplayName: "OpenAI", Models: []astra.EmbeddingModel{{Name: "text-embedding-3-small"}}},
	}, found)
	require.Equal(t, []string{"http://localhost/v1"}, s.paths)
	require.JSONEq(t, `{"findEmbeddingProviders":{}}`, s.bodies[0])
}

// TestErrorNamesTheEndpoint that the command was for.
func TestErrorNamesTheEndpoint(t *testing.T) {
	t.Parallel()
	client, err := astra.NewClient(astra.Options{
		Endpoint: "http://localhost/v1", Token: token, Transport: script(answer(http.StatusNotFound, "nobody here")),
	})
	require.NoError(t, err)
	_, err = client.Database("k").FindCollections(t.Context())
	var e *astra.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "http://localhost/v1", e.Endpoint)
}
