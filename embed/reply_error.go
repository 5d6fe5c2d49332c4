package embed

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxMessageBytes bounds what is kept of a service's message.
const maxMessageBytes = 500

// errorReply is every place where services that call themselves compatible with
// OpenAI put an error: OpenAI itself in error{message,type,code}, vLLM and Text
// Embeddings Inference at the top, FastAPI in detail.
type errorReply struct {
	Error     json.RawMessage `json:"error"`
	Message   json.RawMessage `json:"message"`
	Detail    json.RawMessage `json:"detail"`
	Code      json.RawMessage `json:"code"`
	Type      json.RawMessage `json:"type"`
	ErrorType json.RawMessage `json:"error_type"`
}

// parseErrorReply takes code, type and message out of a reply's body. Nothing else
// is kept of a JSON body: FastAPI repeats the request in it, and with it the
// records' texts.
func parseErrorReply(body []byte) *Error {
	var reply errorReply
	var list []errorReply
	if json.Unmarshal(body, &list) == nil && len(list) == 1 { // Gemini wraps the object
		reply = list[0]
	} else if err := json.Unmarshal(body, &reply); err != nil {
		return &Error{Message: describeBody(body)}
	}
	var inner errorReply
	if json.Unmarshal(reply.Error, &inner) != nil {
		inner = errorReply{Message: reply.Error}
	}
	return &Error{
		Code:    firstOf(plain(inner.Code), plain(reply.Code)),
		Type:    firstOf(plain(inner.Type), plain(reply.Type), plain(reply.ErrorType)),
		Message: firstOf(plain(inner.Message), plain(reply.Message), detail(reply.Detail), "no error message in the reply"),
	}
}

// plain returns a JSON string or number as text, a list of strings joined, and
// anything else, null included, as "".
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return strings.Join(list, ", ")
	}
	return ""
}

// detail reads FastAPI's detail: a text, or a list of what is wrong where.
func detail(raw json.RawMessage) string {
	var items []struct {
		Loc []any  `json:"loc"`
		Msg string `json:"msg"`
	}
	if json.Unmarshal(raw, &items) != nil {
		return plain(raw)
	}
	var parts []string
	for _, item := range items {
		var path []string
		for _, step := range item.Loc {
			if name, ok := step.(string); ok {
				path = append(path, name)
			}
		}
		parts = append(parts, strings.Join(path, ".")+": "+item.Msg)
	}
	return strings.Join(parts, ", ")
}

// describeBody says what a body is that is not the JSON it should be. It may repeat
// the body at length: only after redaction may a message be cut.
func describeBody(body []byte) string {
	text := bytes.TrimSpace(body)
	switch {
	case len(text) == 0:
		return "the reply is empty"
	case text[0] == '<':
		return "the reply is an HTML page, not JSON: this is not the base URL of an embeddings API"
	case text[0] == '{' || text[0] == '[':
		return "the reply is not valid JSON: it may be cut short"
	case !utf8.Valid(text):
		return "the reply is not JSON"
	default:
		return "the reply is not JSON: " + string(text[:min(len(text), maxErrorReplyBytes)])
	}
}

// shorten cuts a message to maxMessageBytes, on one line.
func shorten(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxMessageBytes {
		return text
	}
	cut := maxMessageBytes
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}

// retryAfter reads how long a reply asks to wait: retry-after-ms as OpenAI and
// Azure send it, else Retry-After in seconds or as a date. Anything else is 0.
func retryAfter(h http.Header) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 {
		return seconds(ms / 1000)
	}
	after := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(after, 64); err == nil {
		return seconds(s)
	}
	if at, err := http.ParseTime(after); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// seconds guards the conversion against NaN and against values that overflow.
func seconds(s float64) time.Duration {
	const most = float64(24 * time.Hour / time.Second)
	if !(s > 0) {
		return 0
	}
	return time.Duration(min(s, most) * float64(time.Second))
}
