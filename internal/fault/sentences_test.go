package fault_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/embed"
	"destination-astra/internal/failure"
	"destination-astra/internal/fault"
	"destination-astra/internal/intake"
	"destination-astra/internal/proxy"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// faultsSaying is an error for each rule of Classify, with somebody else's words in it.
func faultsSaying(said string) map[string]error {
	stream := protocol.StreamDescriptor{Name: "s"}
	cause := errors.New(said)
	data := func(command, family, code string, status int, err error) *astra.Error {
		return &astra.Error{
			Endpoint: "https://h.example/v1", Command: command, Keyspace: "k", Collection: "c",
			HTTPStatus: status, Family: family, Code: code, Message: said, Err: err,
		}
	}
	vectors := func(status int, setting string, err error) *embed.Error {
		return &embed.Error{
			Provider: "openai", Endpoint: "https://e.example/v1/embeddings", HTTPStatus: status, Code: "code",
			Message: said, Setting: setting, Err: err,
		}
	}
	return map[string]error{
		"nothing known":       cause,
		"config":              &failure.ConfigError{Reason: said},
		"config with a cause": &failure.ConfigError{Reason: "processing", Err: cause},
		"setting":             &spec.FieldError{Path: "a.b", Reason: said},
		"configuration":       &spec.FieldError{Reason: said},
		"settings":            spec.Errors{{Path: "a.b", Reason: said}, {Path: "c", Reason: said}},
		"catalog": &protocol.CatalogError{File: "c.json", Problems: []protocol.CatalogProblem{
			{Path: "streams[0]", Reason: said}, {Path: "streams[1]", Reason: said}}},
		"input":               &protocol.InputError{Lines: 2, Looks: "CSV", Advice: said},
		"empty input":         &protocol.InputError{},
		"line":                &protocol.LineError{Line: 3, Reason: said},
		"first line":          &protocol.LineError{Line: 3, Reason: said, Looks: "CSV"},
		"record":              &intake.RejectedError{Line: 3, Reject: &document.RejectError{Stream: stream, Reason: said}},
		"one record too many": &intake.RejectedError{Line: 3, Ceiling: 2, Reject: &document.RejectError{Reason: said}},
		"stale":               &failure.StaleJobError{Stream: stream, Generation: 1, Newer: 2},
		"taken over":          &failure.TakenOverError{Stream: stream},
		"interrupted":         failure.ErrInterrupted,
		"stdout":              protocol.ErrStdoutClosed,
		"deadline":            fmt.Errorf("%w: %s", context.DeadlineExceeded, said),
		"backend":             &failure.BackendError{Missing: "lacks it", Err: data("find", "REQUEST", "X", 0, nil)},

		"unauthorized":      data("insertMany", "REQUEST", astra.CodeUnauthorized, 0, nil),
		"no token":          data("find", "REQUEST", astra.CodeMissingToken, 401, nil),
		"wrong token":       data("find", "", "", 401, nil),
		"no keyspace":       data("find", "REQUEST", astra.CodeUnknownKeyspace, 0, nil),
		"no command":        data("find", "REQUEST", astra.CodeUnknownCommand, 0, nil),
		"no vectorize":      data("createCollection", "REQUEST", astra.CodeNoVectorize, 0, nil),
		"collection":        data("createCollection", "REQUEST", astra.CodeTooManyIndexes, 0, nil),
		"query":             data("find", "REQUEST", astra.CodeUnsupportedQuery, 0, nil),
		"refused":           data("find", "REQUEST", "OTHER", 200, nil),
		"overload":          data("find", "SERVER", "OTHER", 500, nil),
		"stranger":          data("find", "", "", 404, nil),
		"stranger's answer": data("find", "", "", 0, fmt.Errorf("%w: %s", astra.ErrNotDataAPI, said)),
		"redirect":          data("find", "", "", 302, fmt.Errorf("%w to %s", astra.ErrRedirect, said)),
		"no host":           data("find", "", "", 0, &net.DNSError{Err: said, Name: "h", IsNotFound: true}),
		"TLS":               data("find", "", "", 0, &tls.CertificateVerificationError{Err: cause}),
		"Data API's proxy":  data("find", "", "", 0, &proxy.Error{Reason: said}),
		"nobody listens":    data("find", "", "", 0, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}),
		"no answer":         data("find", "", "", 0, fmt.Errorf("%w (%s)", astra.ErrTimeout, said)),
		"lost":              data("find", "", "", 0, cause),

		"service refuses":  vectors(401, "embedding.api_key", nil),
		"service is down":  vectors(503, "", nil),
		"service is wrong": vectors(400, "", nil),
		"service's proxy":  vectors(0, "embedding.base_url", &proxy.Error{Reason: said}),
		"service's fault":  vectors(0, "embedding.base_url", cause),
	}
}

// TestSentencesEndOnce: whatever others say, and however it ends, a message has no sentence that
// ends twice.
func TestSentencesEndOnce(t *testing.T) {
	t.Parallel()
	twice := regexp.MustCompile(`(^|[^.])\.\.($|[^.])|\.{4,}|[!?:;,]\.|[^.]\.[;:]`)
	for _, said := range []string{
		"it is wrong", "it is wrong.", "It is wrong!", "is it wrong?", "it is wr...", "it is wrong..", "it is wrong!.", "no",
	} {
		for name, err := range faultsSaying(said) {
			for _, whole := range []error{err, fmt.Errorf("stream %q: %w", "s", err)} {
				message := fault.Classify(whole).Message
				assert.NotRegexp(t, twice, message, "%s that says %q", name, said)
				assert.Regexp(t, `[.!?]$`, message, "%s that says %q", name, said)
				assert.NotContains(t, message, "  ")
			}
		}
	}
}
