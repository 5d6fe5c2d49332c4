package astra

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"destination-astra/internal/redact"
)

// reply is the union of what this client's commands answer; absent parts stay zero.
type reply struct {
	Data     replyData
	Status   replyStatus
	failures []*Error // in the order of the answer
}

// answer is a reply as it comes. Documents are data, and stay exactly as they are. All else
// are the server's own words, in which it may repeat what it was sent: they are looked through
// before anybody reads them.
type answer struct {
	Data   replyData      `json:"data"`
	Status redact.Foreign `json:"status"`
	Errors redact.Foreign `json:"errors"`
}

// read takes the secrets out of an answer.
func (c *Client) read(text []byte) (r reply, said []entry, err error) {
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return r, nil, c.credentials.redact.Error(err)
	}
	r.Data = a.Data
	if err := c.credentials.redact.Decode(a.Errors, &said); err != nil {
		return r, nil, err
	}
	if state := r.Data.NextPageState; c.credentials.redact.Text(state) != state {
		return r, said, errPageState // it would be kept, and shown, and sent again
	}
	return r, said, c.credentials.redact.Decode(a.Status, &r.Status)
}

// errPageState: no page state of a Data API has anything of the caller in it.
var errPageState = fmt.Errorf("%w: its page state holds a secret of the request", ErrNotDataAPI)

type replyData struct {
	// Documents are copies, free of the response's buffer.
	Documents     []json.RawMessage `json:"documents"`
	NextPageState string            `json:"nextPageState"`
}

// replyStatus uses pointers where absence must differ from zero.
type replyStatus struct {
	OK                json.RawMessage    `json:"ok"`
	Keyspaces         []string           `json:"keyspaces"`
	Collections       json.RawMessage    `json:"collections"`
	Providers         json.RawMessage    `json:"embeddingProviders"`
	InsertedIDs       []json.RawMessage  `json:"insertedIds"`
	DocumentResponses []documentResponse `json:"documentResponses"`
	Count             *int               `json:"count"`
	DeletedCount      *int               `json:"deletedCount"`
	MatchedCount      *int               `json:"matchedCount"`
	ModifiedCount     int                `json:"modifiedCount"`
	MoreData          bool               `json:"moreData"`
	NextPageState     string             `json:"nextPageState"`
}

// documentResponse is one document's line in the answer to insertMany with
// returnDocumentResponses.
type documentResponse struct {
	ID          json.RawMessage `json:"_id"`
	Status      string          `json:"status"` // OK, ERROR, SKIPPED
	ErrorsIndex *int            `json:"errorsIdx"`
}

// entry is one element of the errors array.
type entry struct {
	ID          string            `json:"id"`
	Family      string            `json:"family"`
	Scope       string            `json:"scope"`
	ErrorCode   string            `json:"errorCode"`
	Title       string            `json:"title"`
	Message     string            `json:"message"`
	DocumentIDs []json.RawMessage `json:"documentIds"`
}

// maxSnippet bounds what is quoted of an answer that is not the Data API's, and maxLooked what
// is looked through for it.
const (
	maxSnippet = 200
	maxLooked  = 64 << 10
)

// decode turns an HTTP answer into a reply. With errors in it, it returns the partial
// reply beside the *Error. The reply does not refer to text.
func (c *Client) decode(k call, resp *http.Response, text []byte) (*reply, error) {
	text = bytes.TrimSpace(text)
	e := k.newError(resp.StatusCode)
	e.retryAfter = retryAfter(resp.Header.Get("Retry-After"))
	if cause := c.emptyCause(resp, len(text) == 0); cause != nil {
		e.Err = cause
		return nil, e
	}
	r, said, err := c.read(text)
	isObject := bytes.HasPrefix(text, []byte("{"))
	switch ok := resp.StatusCode == http.StatusOK; {
	case isObject && err == nil && len(said) > 0:
		return c.failed(k, e, &r, said)
	case !ok:
		e.Message = c.snippet(text)
	case !isObject:
		e.Err = fmt.Errorf("%w: %q", ErrNotDataAPI, c.snippet(text))
	case errors.Is(err, ErrNotDataAPI):
		e.Err = err
	case err != nil:
		e.Err = fmt.Errorf("%w: %w", ErrMalformedReply, err)
	case k.complete != nil && !k.complete(&r):
		e.Err = fmt.Errorf("%w: %q", ErrMalformedReply, c.snippet(text))
	default:
		return &r, nil
	}
	return nil, e
}

// failed fills the reply's failures and picks the one that stands for all: a refusal of
// the caller before one that a repeat cannot cure, and that before the rest.
func (c *Client) failed(k call, e *Error, r *reply, said []entry) (*reply, error) {
	for _, one := range said {
		r.failures = append(r.failures, entryError(k, e, one))
	}
	headline, rank := 0, severity(r.failures[0])
	for i, failure := range r.failures {
		if s := severity(failure); s > rank {
			headline, rank = i, s
		}
	}
	first := *r.failures[headline]
	first.Others = append(first.Others, r.failures[:headline]...)
	first.Others = append(first.Others, r.failures[headline+1:]...)
	return r, &first
}

func severity(e *Error) int {
	switch {
	case e.Scope == "SECURITY":
		return 2
	case !e.Retryable():
		return 1
	}
	return 0
}

func entryError(k call, outer *Error, from entry) *Error {
	e := k.newError(outer.HTTPStatus)
	e.retryAfter = outer.retryAfter
	e.ID, e.Family, e.Scope, e.Code = from.ID, from.Family, from.Scope, from.ErrorCode
	e.Title, e.Message = from.Title, from.Message
	for _, id := range from.DocumentIDs {
		e.DocumentIDs = append(e.DocumentIDs, idText(id))
	}
	return e
}

// snippet is the beginning of an answer, on one line.
func (c *Client) snippet(text []byte) string {
	return oneLine(c.credentials.redact.Text(string(text[:min(len(text), maxLooked)])), maxSnippet)
}

// emptyCause names the statuses whose meaning is not in a body.
func (c *Client) emptyCause(resp *http.Response, empty bool) error {
	status := resp.StatusCode
	switch {
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return fmt.Errorf("%w%s", ErrRedirect, c.credentials.redact.Text(locationHost(resp.Header.Get("Location"))))
	case status == http.StatusRequestEntityTooLarge:
		return ErrRequestTooLarge
	case !empty:
		return nil
	case status == http.StatusNotFound:
		return ErrUnknownPath
	case status == http.StatusServiceUnavailable:
		return ErrHibernated
	case status == http.StatusOK:
		return fmt.Errorf("%w: it is empty", ErrMalformedReply)
	}
	return nil
}

// locationHost gives the host alone: a login page's query may hold anything.
func locationHost(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return ""
	}
	return " (" + u.Host + ")"
}

// retryAfter reads both forms of the header, seconds and an HTTP date; 0 without one.
func retryAfter(value string) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// idText is the id itself when it is a string, else its JSON text.
func idText(raw json.RawMessage) string {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil && len(raw) > 0 && raw[0] == '"' {
		return s
	}
	return string(raw)
}
