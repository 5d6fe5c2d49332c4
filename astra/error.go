package astra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"destination-astra/internal/nearby"
)

// Causes that the client itself finds; [Error] wraps them.
var (
	// ErrTimeout: no answer came within the time of one attempt.
	ErrTimeout = errors.New("no answer in time")
	// ErrNotPrivate: plain http to an address that is neither loopback nor private, refused
	// before connecting.
	ErrNotPrivate = nearby.ErrNotPrivate
	// ErrUnknownPath: an empty 404, the Data API's answer to a path it does not serve.
	ErrUnknownPath = errors.New("no Data API at this path (empty 404); check the endpoint's path")
	// ErrHibernated: a 503 without a body, as the gateway of a sleeping Astra database sends.
	ErrHibernated = errors.New("the database gives no answer; if it is hibernated, " +
		"resume it in the Astra console (it takes a few minutes)")
	// ErrNotDataAPI: an answer that is not JSON, such as the page of a proxy.
	ErrNotDataAPI = errors.New("the answer is not from a Data API")
	// ErrMalformedReply: JSON that is cut off or lacks what the command must answer.
	ErrMalformedReply = errors.New("the answer is incomplete")
	// ErrRequestTooLarge: a request over MaxRequestBytes (nothing was sent), or a 413.
	ErrRequestTooLarge = errors.New("the request is too large")
	// ErrResponseTooLarge: an answer over MaxReplyBytes or, to a find for whole documents, MaxPageBytes.
	ErrResponseTooLarge = errors.New("the answer is too large")
	// ErrNoName: a keyspace or collection name is empty.
	ErrNoName = errors.New("the name of the keyspace or collection is empty")
	// ErrNoFilter: a DeleteMany or UpdateMany without a filter would touch every document.
	ErrNoFilter = errors.New("a filter is needed; an empty one would match every document")
	// ErrNoProjection: a find without a projection would fetch whole documents.
	ErrNoProjection = errors.New("a projection is needed")
	// ErrSortCutsOff: FindAll sorted by a field; the server returns one page of 50 and
	// drops the rest silently (Data API v1.0.51, observed).
	ErrSortCutsOff = errors.New("find cannot page through a result sorted by a field")
	// ErrCountByID: countDocuments with _id $in counts the first id only
	// (Data API v1.0.51, observed).
	ErrCountByID = errors.New("countDocuments is wrong for _id $in; use find")
	// ErrSamePage: the server gave a page state again, so paging would not end.
	ErrSamePage = errors.New("the server repeats a page state")
	// ErrNoProgress: the server said again and again that there is more, and nothing came.
	ErrNoProgress = errors.New("the server keeps saying that there is more, and gives nothing")
	// ErrRedirect: a redirect, which is never followed: the token would go along.
	ErrRedirect = errors.New("the endpoint redirects; use the address it redirects to")
)

// Error is a failed command. What the Data API said is in its own fields, verbatim; what
// went wrong on the way is in Err. It is never changed once returned.
type Error struct {
	// Command is the Data API's name; Keyspace and Collection are empty where it has none.
	Command, Keyspace, Collection string
	// Endpoint is the base URL that the command was for, without anything secret.
	Endpoint string
	// HTTPStatus is 0 when no answer came. Most errors have 200.
	HTTPStatus int
	// ID is the server's id of this error, to be looked up in its logs.
	ID string
	// Family is REQUEST or SERVER; Scope narrows it (DATABASE, DOCUMENT, SECURITY, may
	// be ""); Code is the errorCode. All are empty when no Data API answered.
	Family, Scope, Code string
	// Title and Message are the server's text, for people only.
	Title, Message string
	// DocumentIDs are the documents concerned, in inserts; ids that are not strings
	// are given as their JSON text.
	DocumentIDs []string
	// Others are the further errors of the same answer.
	Others []*Error
	// NothingSent: no connection was made, so the server cannot have seen the command.
	NothingSent bool
	// Err is the cause on the client's side, or nil.
	Err error

	retryAfter time.Duration
	// general: of an insertMany, and naming no document.
	general bool
}

// maxErrorText bounds what Error prints of a server's message; Message has all of it.
const maxErrorText = 2000

// Error is one line: the operation, then the status if it is not 200, code and message.
func (e *Error) Error() string {
	parts := []string{"astra: " + e.operation()}
	if e.HTTPStatus != 0 && e.HTTPStatus != http.StatusOK {
		parts[0] += fmt.Sprintf(": HTTP %d", e.HTTPStatus)
	}
	if e.Code != "" {
		parts = append(parts, e.Code)
	}
	if e.Message != "" {
		parts = append(parts, oneLine(e.Message, maxErrorText))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if n := len(e.Others); n > 0 {
		parts = append(parts, fmt.Sprintf("(and %d more errors)", n))
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause on the client's side, or nil.
func (e *Error) Unwrap() error { return e.Err }

// HasCode reports whether the server's code is one of the given ones, in today's
// spelling or in that of an older server.
func (e *Error) HasCode(codes ...string) bool {
	for _, code := range codes {
		if e.Code != "" && (e.Code == code || canonical(e.Code) == canonical(code)) {
			return true
		}
	}
	return false
}

// HasCode reports whether err wraps an *Error with one of the codes.
func HasCode(err error, codes ...string) bool {
	var e *Error
	return errors.As(err, &e) && e.HasCode(codes...)
}

// Retryable reports whether the same command may succeed later: database and gateway
// trouble, 408, 429 and 5xx, lost connections and timeouts. It is false for everything
// that a repeat cannot cure, and for a command whose context has ended.
func (e *Error) Retryable() bool {
	switch {
	case e.Err != nil && permanent(e.Err):
		return false
	case e.Code != "" && behaviourOf(e.Family, e.Code).retryable:
		return true
	case e.HTTPStatus >= http.StatusMultipleChoices:
		return retryableStatus(e.HTTPStatus)
	}
	return e.Code == "" && e.Err != nil
}

// RetryAfter is how long the server asked to be left alone, or 0.
func (e *Error) RetryAfter() time.Duration { return e.retryAfter }

// OutcomeUnknown reports whether the command may have been applied, or may still be:
// for up to 20 s more, the server's own timeout. It is always false for commands that
// only read, and when nothing was sent.
func (e *Error) OutcomeUnknown() bool {
	switch {
	case e.NothingSent || readsOnly(e.Command):
		return false
	case slices.ContainsFunc(e.Others, (*Error).OutcomeUnknown):
		return true
	case e.HTTPStatus >= http.StatusInternalServerError:
		return true
	case e.Code != "":
		return behaviourOf(e.Family, e.Code).unknown
	case e.HTTPStatus >= http.StatusMultipleChoices:
		return false
	}
	return e.Err != nil
}

// doubtful errors may be the request's own fault.
func (e *Error) doubtful() bool {
	return errors.Is(e.Err, ErrMalformedReply) || behaviourOf(e.Family, e.Code).doubtful
}

// operation is what failed: "insertMany default_keyspace.articles".
func (e *Error) operation() string {
	return operation(e.Command, e.Keyspace, e.Collection)
}

func operation(command, keyspace, collection string) string {
	switch {
	case collection != "":
		return command + " " + keyspace + "." + collection
	case keyspace != "":
		return command + " " + keyspace
	}
	return command
}

// readsOnly lists the commands of this client that change nothing.
func readsOnly(command string) bool {
	switch command {
	case "find", "countDocuments", "estimatedDocumentCount", "findCollections", "findKeyspaces",
		"findEmbeddingProviders":
		return true
	}
	return false
}

func retryableStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= http.StatusInternalServerError
}

// permanent reports whether a repeat meets the same cause: the caller's context, this
// client's own refusals, a certificate, or a host name that does not exist.
func permanent(err error) bool {
	for _, cause := range []error{
		context.Canceled, context.DeadlineExceeded, ErrNotPrivate, ErrUnknownPath,
		ErrNotDataAPI, ErrRequestTooLarge, ErrResponseTooLarge, ErrRedirect,
	} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return wrongHost(err)
}

// oneLine joins the lines of a text and cuts it to at most limit bytes, at a rune's border.
func oneLine(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "..."
}
