package astra_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

// responses builds an insertMany answer: "a" is stored, "b!0" failed with error 0.
func responses(lines string, errs ...string) step {
	var list []string
	for line := range strings.FieldsSeq(lines) {
		id, index, failed := strings.Cut(line, "!")
		if failed {
			list = append(list, fmt.Sprintf(`{"_id":%q,"status":"ERROR","errorsIdx":%s}`, id, index))
		} else {
			list = append(list, fmt.Sprintf(`{"_id":%q,"status":"OK"}`, id))
		}
	}
	return reply(`{"status":{"documentResponses":[` + strings.Join(list, ",") + `]},"errors":[` +
		strings.Join(errs, ",") + `]}`)
}

func exists(id string) string {
	return problem("REQUEST", "DOCUMENT", "DOCUMENT_ALREADY_EXISTS", id)
}

var (
	reset   = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	refusal = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
)

func TestInsertManyTellsEachDocumentsFate(t *testing.T) {
	limit := problem("REQUEST", "DOCUMENT", "SHRED_DOC_LIMIT_VIOLATION", "b")
	busy := problem("SERVER", "DATABASE", "FAILED_CONCURRENT_OPERATIONS", "b")
	writing := problem("SERVER", "DATABASE", "TIMEOUT_WRITING_DATA", "b")
	readOnly := func(id string) string {
		return problem("REQUEST", "SECURITY", "UNAUTHORIZED_ACCESS", id)
	}
	for name, test := range map[string]struct {
		steps []step
		fates string // of a and b
		sent  []string
		code  string // of the headline
	}{
		"all stored":    {[]step{responses("a b")}, "inserted inserted", []string{"a b"}, ""},
		"one was there": {[]step{responses("a b!0", exists("b"))}, "inserted existing", []string{"a b"}, ""},
		"one is refused": {
			[]step{responses("a b!0", limit)},
			"inserted failed", []string{"a b"}, "SHRED_DOC_LIMIT_VIOLATION",
		},
		"one is repeated": {[]step{responses("a b!0", busy), responses("b")}, "inserted inserted", []string{"a b", "b"}, ""},
		"known not stored, then another's": {
			[]step{responses("a b!0", busy), responses("b!0", exists("b"))},
			"inserted existing", []string{"a b", "b"}, "",
		},
		"unknown, then our own": {
			[]step{responses("a b!0", writing), responses("b!0", exists("b"))},
			"inserted inserted", []string{"a b", "b"}, "",
		},
		"unknown to the end": {
			[]step{responses("a b!0", writing), responses("b!0", writing)},
			"inserted unknown", nil, "TIMEOUT_WRITING_DATA",
		},
		"busy to the end": {
			[]step{responses("a b!0", busy), responses("b!0", busy)},
			"inserted not tried", nil, "FAILED_CONCURRENT_OPERATIONS",
		},
		"reset, then our own": {
			[]step{lose(reset), responses("a!0 b!1", exists("a"), exists("b"))},
			"inserted inserted", []string{"a b", "a b"}, "",
		},
		"no connection, then another's": {
			[]step{lose(refusal), responses("a!0 b!1", exists("a"), exists("b"))},
			"existing existing", []string{"a b", "a b"}, "",
		},
		"reset, then refused as a whole": {
			[]step{lose(reset), answer(401, `{"errors":[`+readOnly("")+`]}`)},
			"unknown unknown", []string{"a b", "a b"}, "UNAUTHORIZED_ACCESS",
		},
		"refused as a whole": {
			[]step{problems(problem("REQUEST", "DOCUMENT", "SHRED_DOC_LIMIT_VIOLATION"))},
			"not tried not tried", []string{"a b"}, "SHRED_DOC_LIMIT_VIOLATION",
		},
		"401 with a partial result": {
			[]step{answer(401, `{"status":{"insertedIds":[]},"errors":[`+
				readOnly("a")+`,`+readOnly("b")+`]}`)},
			"not tried not tried", []string{"a b"}, "UNAUTHORIZED_ACCESS",
		},
		"insertedIds and errors": {
			[]step{reply(`{"status":{"insertedIds":["a"]},"errors":[` + limit + `]}`)},
			"inserted failed", []string{"a b"}, "SHRED_DOC_LIMIT_VIOLATION",
		},
		"insertedIds and an error without ids": {
			[]step{reply(`{"status":{"insertedIds":["b"]},"errors":[` + exists("") + `]}`), responses("a")},
			"inserted inserted", []string{"a b", "a"}, "",
		},
		"an answer that leaves one out": {
			[]step{responses("a"), responses("b!0", exists("b"))},
			"inserted inserted", []string{"a b", "b"}, "",
		},
		"an empty answer, then our own": {
			[]step{reply(`{}`), responses("a!0 b!1", exists("a"), exists("b"))},
			"inserted inserted", []string{"a b", "a b"}, "",
		},
		"429":           {[]step{answer(429, ""), responses("a b")}, "inserted inserted", []string{"a b", "a b"}, ""},
		"429, not ours": {[]step{answer(429, ""), responses("a b!0", exists("b"))}, "inserted existing", nil, ""},
		"502":           {[]step{answer(502, "<html>")}, "unknown unknown", nil, ""},
		"413":           {[]step{answer(413, "")}, "not tried not tried", []string{"a b"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := script(test.steps...)
			result, err := articles(t, server).InsertMany(t.Context(), notes("a", "b"))
			fates := map[string]astra.Fate{}
			for _, id := range result.Inserted {
				fates[id] = astra.FateInserted
			}
			for _, id := range result.Existing {
				fates[id] = astra.FateExisting
			}
			if err != nil {
				var batch *astra.BatchError
				require.ErrorAs(t, err, &batch)
				require.Len(t, batch.Documents, 2)
				for _, d := range batch.Documents {
					require.Equal(t, d.Fate.Stored(), d.Err == nil, d.ID)
					fates[d.ID] = d.Fate
				}
				require.Equal(t, test.code, asError(t, err).Code)
				require.Equal(t, strings.Contains(test.fates, "unknown"), batch.OutcomeUnknown())
			}
			require.Equal(t, test.fates, fates["a"].String()+" "+fates["b"].String())
			if test.sent != nil {
				require.Equal(t, test.sent, server.sentIDs())
			}
		})
	}
}

// sentIDs are the ids of each insertMany, in order.
func (s *server) sentIDs() []string {
	var all []string
	for _, body := range s.bodies {
		var ids []string
		for _, id := range []string{"a", "b"} {
			if strings.Contains(body, `{"_id":"`+id+`"}`) {
				ids = append(ids, id)
			}
		}
		all = append(all, strings.Join(ids, " "))
	}
	return all
}

func TestInsertManyRequest(t *testing.T) {
	server := script(responses("a b"))
	_, err := articles(t, server).InsertMany(t.Context(), notes("a", "b"))
	require.NoError(t, err)
	require.Equal(t, "https://db.example/api/json/v1/ks/articles", server.paths[0])
	require.JSONEq(t, `{"insertMany":{"documents":[{"_id":"a"},{"_id":"b"}],
		"options":{"ordered":false,"returnDocumentResponses":true}}}`, server.bodies[0])
	require.Equal(t, token, server.header.Get("Token"))
	require.Equal(t, "airbyte/destination-astra/1.2.3 (go)", server.header.Get("User-Agent"))
	require.Equal(t, "application/json", server.header.Get("Content-Type"))
	require.Equal(t, "application/json", server.header.Get("Accept"))
}

func TestInsertManyOfTheSameIDTwice(t *testing.T) {
	server := script(responses("a a!0", exists("a")))
	result, err := articles(t, server).InsertMany(t.Context(), notes("a", "a"))
	require.NoError(t, err)
	require.Equal(t, astra.InsertResult{Inserted: []string{"a"}, Existing: []string{"a"}}, result)
}

func TestInsertManySendsNothingTooLarge(t *testing.T) {
	server := script(responses(""))
	result, err := articles(t, server).InsertMany(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, result)

	_, err = articles(t, server).InsertMany(t.Context(), make([]astra.Document, astra.MaxInsertDocuments+1))
	require.ErrorIs(t, err, astra.ErrRequestTooLarge)

	_, err = articles(t, server).InsertMany(t.Context(), notes("a", strings.Repeat("b", astra.MaxRequestBytes)))
	require.ErrorIs(t, err, astra.ErrRequestTooLarge)
	var batch *astra.BatchError
	require.ErrorAs(t, err, &batch)
	require.Equal(t, astra.FateNotTried, batch.Documents[0].Fate)
	require.True(t, asError(t, err).NothingSent)
	require.Empty(t, server.bodies)
}

// TestADoubtfulErrorIsNoDocumentsFault: it may pass, and when it does not, the
// document's fate is unknown.
func TestADoubtfulErrorIsNoDocumentsFault(t *testing.T) {
	zero := problem("SERVER", "", "UNEXPECTED_SERVER_ERROR", "b")
	server := script(responses("a b!0", zero), responses("b!0", zero))
	result, err := articles(t, server).InsertMany(t.Context(), notes("a", "b"))
	require.Equal(t, []string{"a"}, result.Inserted)
	require.True(t, asError(t, err).HasCode(astra.CodeUnexpectedServerError))
	require.Equal(t, []string{"a b", "b", "b", "b", "b", "b", "b", "b"}, server.sentIDs())
	var batch *astra.BatchError
	require.ErrorAs(t, err, &batch)
	require.Equal(t, astra.FateUnknown, batch.Documents[1].Fate)
}

// TestATraceHearsOfUnknownOutcomes: of each attempt, also of one that a repeat has made good, of each document,
// and of no read.
func TestATraceHearsOfUnknownOutcomes(t *testing.T) {
	busy := problem("SERVER", "DATABASE", "FAILED_CONCURRENT_OPERATIONS", "a")
	writing := problem("SERVER", "DATABASE", "TIMEOUT_WRITING_DATA", "b")
	for name, test := range map[string]struct {
		steps []step
		heard int // at least
	}{
		"stored":                       {[]step{responses("a b")}, 0},
		"not sent":                     {[]step{lose(refusal), responses("a b")}, 0},
		"lost, then stored":            {[]step{lose(reset), responses("a b")}, 1},
		"lost twice":                   {[]step{lose(reset), lose(reset), responses("a b")}, 2},
		"of one document":              {[]step{responses("a b!0", writing), responses("b")}, 1},
		"of the second, not the first": {[]step{responses("a!0 b!1", busy, writing), responses("a b")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				outer, inner := 0, 0
				ctx := astra.WithTrace(t.Context(), &astra.Trace{UnknownOutcome: func(*astra.Error) { outer++ }})
				ctx = astra.WithTrace(ctx, &astra.Trace{UnknownOutcome: func(*astra.Error) { inner++ }})
				_, err := articles(t, script(test.steps...)).InsertMany(ctx, notes("a", "b"))
				require.NoError(t, err)
				require.Equal(t, inner, outer)
				require.GreaterOrEqual(t, inner, test.heard)
				require.Equal(t, test.heard == 0, inner == 0)
			})
		})
	}
}

// TestAnErrorThatNamesNoDocument is about the call, and no document is refused for it.
func TestAnErrorThatNamesNoDocument(t *testing.T) {
	for name, body := range map[string]string{
		"beside no ids": `{"status":{"insertedIds":[]},"errors":[` + problem("REQUEST", "DOCUMENT", "ANY") + `]}`,
		"no collection": `{"status":{"insertedIds":[]},"errors":[` + problem("REQUEST", "", astra.CodeUnknownCollection) + `]}`,
		"named, but not theirs": `{"status":{"insertedIds":[]},"errors":[` +
			problem("REQUEST", "", astra.CodeUnknownCollection, "a", "b") + `]}`,
		"without status": `{"errors":[` + problem("REQUEST", "", astra.CodeUnknownCollection) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := articles(t, script(reply(body))).InsertMany(t.Context(), notes("a", "b"))
			var batch *astra.BatchError
			require.ErrorAs(t, err, &batch)
			for _, d := range batch.Documents {
				require.Equal(t, astra.FateNotTried, d.Fate)
				require.Error(t, d.Err)
			}
		})
	}
}

func TestInsertManyTimesOutPerAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		server := script(hang, responses("a!0", exists("a")))
		var events []astra.RetryEvent
		result, err := articles(t, server, func(o *astra.Options) {
			o.OnRetry = func(e astra.RetryEvent) { events = append(events, e) }
		}).InsertMany(t.Context(), notes("a"))
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, result.Inserted, "stored by the attempt that timed out")
		require.GreaterOrEqual(t, time.Since(start), astra.DefaultRequestTimeout)
		require.Len(t, events, 1)
		require.Equal(t, "insertMany", events[0].Command)
		require.Equal(t, "articles", events[0].Collection)
		require.Equal(t, 1, events[0].Attempt)
		require.ErrorIs(t, events[0].Err, astra.ErrTimeout)
		require.NotErrorIs(t, events[0].Err, context.DeadlineExceeded, "that is the caller's")
	})
}

func TestInsertManyEndsWithTheCallersContext(t *testing.T) {
	for name, first := range map[string]step{
		"while sending": hang,
		"while waiting": answer(429, "", "Retry-After", "60"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				start := time.Now()
				_, err := articles(t, script(first)).InsertMany(ctx, notes("a"))
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, time.Second, time.Since(start))
				var batch *astra.BatchError
				require.ErrorAs(t, err, &batch)
				require.Equal(t, name == "while sending", batch.OutcomeUnknown())
			})
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := articles(t, script(hang)).InsertMany(ctx, notes("a"))
	require.ErrorIs(t, err, context.Canceled)
	require.Contains(t, err.Error(), "astra: insertMany ks.articles: ")
}

func TestInsertManyLosesNoDocumentToATruncatedAnswer(t *testing.T) {
	cut := func(*http.Request, string) (*http.Response, error) {
		return &http.Response{
			StatusCode: 200, Header: http.Header{}, ContentLength: 500,
			Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"status":{"doc`), failing{})),
		}, nil
	}
	server := script(cut, responses("a!0", exists("a")))
	result, err := articles(t, server).InsertMany(t.Context(), notes("a"))
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, result.Inserted)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestBodiesSurviveALateReader: a transport may return before it has read the body.
func TestBodiesSurviveALateReader(t *testing.T) {
	var late []io.ReadCloser
	server := roundTripper(func(req *http.Request) (*http.Response, error) {
		late = append(late, req.Body)
		return nil, errors.New("broken pipe")
	})
	_, err := articles(t, server, func(o *astra.Options) { o.Retry.MaxAttempts = 2 }).
		InsertMany(t.Context(), notes("a"))
	require.Error(t, err)
	require.Len(t, late, 2)
	for _, body := range late {
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(text), `{"insertMany":{"documents":[{"_id":"a"}]`))
		require.NoError(t, body.Close())
		require.NoError(t, body.Close())
		_, err = body.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.ErrClosedPipe)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
