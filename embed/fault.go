package embed

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"destination-astra/internal/nearby"
	"destination-astra/internal/proxy"
)

// fault is what went wrong, as far as it decides what to do about it.
type fault int

const (
	faultUnclassified fault = iota
	faultNetwork            // no or half a reply
	faultTimeout            // no reply in time
	faultHost               // the host name is unknown
	faultProxy              // the proxy cannot be used as the environment names it
	faultTLS                // no trusted TLS connection
	faultInClear            // plain http to an address where it may not go
	faultAddress            // something answers, but no embeddings API
	faultKey                // the key is missing, wrong or not allowed this
	faultQuota              // the account is used up; waiting does not help
	faultRateLimit          // too fast
	faultServer             // the service's own failure
	faultModel              // no such model
	faultOtherModel         // the reply is of another model than expected
	faultTextTooLong        // a text exceeds the model's window
	faultTooMuch            // the texts of the request are too many or too long together
	faultRequest            // the request is refused for another reason
	faultEverything         // texts that are known to be good are refused, too
	faultGarbled            // a reply that is not the JSON it should be
	faultAnswer             // valid JSON, but not one vector for each text
	faultDimension          // vectors of another dimension than configured
	faultVector             // a vector that cannot be stored: not finite, or zero
	faultCount
)

// role is what a setting is for; providers name theirs differently.
type role int

const (
	roleNone role = iota
	roleAddress
	roleKey
	roleModel
	roleServedModel // what replies are to name
	roleDimension
	roleChunkSize
)

// traits is what follows from a fault.
type traits struct {
	retryable bool
	config    bool
	role      role
}

var faultTraits = [faultCount]traits{
	faultNetwork:     {retryable: true, role: roleAddress},
	faultTimeout:     {retryable: true, role: roleAddress},
	faultHost:        {retryable: true, config: true, role: roleAddress},
	faultProxy:       {config: true},
	faultTLS:         {config: true, role: roleAddress},
	faultInClear:     {config: true, role: roleAddress},
	faultAddress:     {config: true, role: roleAddress},
	faultKey:         {config: true, role: roleKey},
	faultQuota:       {config: true, role: roleKey},
	faultRateLimit:   {retryable: true},
	faultServer:      {retryable: true},
	faultModel:       {config: true, role: roleModel},
	faultOtherModel:  {config: true, role: roleServedModel},
	faultTextTooLong: {config: true, role: roleChunkSize},
	faultTooMuch:     {config: true, role: roleChunkSize},
	faultRequest:     {},
	faultEverything:  {config: true},
	faultGarbled:     {retryable: true, role: roleAddress},
	faultAnswer:      {role: roleAddress},
	faultDimension:   {config: true, role: roleDimension},
	faultVector:      {role: roleModel},
}

// settings are the paths of one provider's settings.
type settings struct {
	address, key, model, dimensions string
	servedModel                     string
}

func (s settings) path(r role) string {
	switch r {
	case roleAddress:
		return s.address
	case roleKey:
		return s.key
	case roleServedModel:
		return firstOf(s.servedModel, s.model)
	case roleModel:
		return s.model
	case roleDimension:
		return s.dimensions
	case roleChunkSize:
		return "processing.chunk_size"
	default:
		return ""
	}
}

// rule matches an error reply by its status, from first to last, and by a word in
// its code, type or message ("" matches all).
type rule struct {
	first, last int
	word        string
	fault       fault
}

// rules are tried in order, so the words come before the bare status. Codes are
// those of OpenAI's API; the phrases for what is too long or too much are those of
// OpenAI, Azure, Cohere, vLLM, Text Embeddings Inference and llama.cpp.
var rules = []rule{
	{200, 499, "insufficient_quota", faultQuota},
	{200, 499, "billing_", faultQuota},
	{200, 499, "budget_exceeded", faultQuota},
	{200, 499, "budget has been exceeded", faultQuota}, // LiteLLM's, with 400
	{402, 402, "", faultQuota},
	{403, 403, "quota", faultQuota},
	{429, 429, "calls / month", faultQuota},
	{429, 429, "", faultRateLimit},
	{401, 401, "", faultKey},
	{403, 403, "", faultKey},
	{200, 499, "invalid_api_key", faultKey},
	{400, 400, "api_key_invalid", faultKey}, // Gemini's
	{400, 400, "api key expired", faultKey},
	{400, 400, "api key not valid", faultKey},
	{400, 499, "content_filter", faultRequest}, // before a word on models in its explanation
	{400, 499, "content management policy", faultRequest},
	{400, 400, "received model group", faultRequest}, // LiteLLM's, about any fault
	{400, 499, "max_tokens_per_request", faultTooMuch},
	{400, 499, "tokens per request", faultTooMuch},
	{400, 499, "max number of inputs", faultTooMuch},
	{400, 499, "array too long", faultTooMuch},
	{400, 499, "array_above_max_length", faultTooMuch},
	{400, 499, "maximum allowed batch size", faultTooMuch},
	{400, 499, "number of texts must be", faultTooMuch},
	{400, 499, "maximum request size", faultTooMuch},
	{200, 500, "maximum input length", faultTextTooLong},
	{200, 499, "too many tokens", faultTextTooLong},
	{200, 500, "context length", faultTextTooLong},
	{200, 500, "context_length", faultTextTooLong},
	{400, 499, "must have less than", faultTextTooLong},
	{400, 500, "input is too large", faultTextTooLong},
	{413, 413, "", faultTooMuch},
	{300, 399, "", faultAddress},
	{400, 400, "model", faultModel},
	{404, 404, "model", faultModel},
	{404, 404, "deployment", faultModel},
	{410, 410, "model", faultModel},
	{422, 422, "model_not_found", faultModel},
	{404, 405, "", faultAddress},
	{408, 409, "", faultServer},
	{424, 425, "", faultServer}, // 424: the model behind Text Embeddings Inference failed
	{200, 299, "rate_limit", faultRateLimit},
	{200, 299, "model_not_found", faultModel},
	{501, 501, "", faultAddress},
	{505, 505, "", faultAddress},
	{500, 599, "", faultServer},
	{200, 299, "", faultServer}, // an error object under a status of success
}

// classify finds the fault of an error reply.
func classify(e *Error) fault {
	status := e.HTTPStatus
	// Gateways answer 200 and put the real status into the error's code.
	if code, err := strconv.Atoi(e.Code); err == nil && status < 300 && code >= 400 && code < 600 {
		status = code
	}
	words := strings.ToLower(e.Code + " " + e.Type + " " + e.Message)
	for _, r := range rules {
		if r.first <= status && status <= r.last && strings.Contains(words, r.word) {
			return r.fault
		}
	}
	if status == 0 {
		return transportFault(e.Err)
	}
	return faultRequest
}

// transportFault finds the fault behind an error of net/http.
func transportFault(err error) fault {
	var refused *proxy.Error
	if errors.As(err, &refused) {
		return faultProxy
	}
	if errors.Is(err, nearby.ErrNotPrivate) {
		return faultInClear
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return faultHost
	}
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	if errors.As(err, &cert) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) {
		return faultTLS
	}
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return faultTimeout
	}
	if err == nil {
		return faultRequest
	}
	return faultNetwork
}
