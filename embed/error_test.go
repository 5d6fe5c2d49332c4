package embed_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/retry"
)

// TestErrorTraits is the whole table of statuses, for errors made by hand as
// consumers' tests make them.
func TestErrorTraits(t *testing.T) {
	const no, again, config = 0, 1, 2
	tests := []struct {
		status int
		code   string
		want   int
	}{
		{301, "", config}, {302, "", config}, {307, "", config}, {308, "", config},
		{400, "", no}, {400, "model_not_found", config}, {400, "context_length_exceeded", config},
		{401, "", config}, {402, "", config}, {403, "", config}, {404, "", config}, {405, "", config},
		{408, "", again}, {409, "", again}, {410, "", no}, {424, "", again}, {413, "", config}, {415, "", no},
		{422, "", no}, {422, "model_not_found", config}, {425, "", again},
		{429, "", again}, {429, "rate_limit_exceeded", again}, {429, "insufficient_quota", config},
		{429, "billing_hard_limit_reached", config}, {429, "model_overloaded", again},
		{500, "", again}, {501, "", config}, {502, "", again}, {503, "", again}, {504, "", again},
		{505, "", config}, {520, "", again}, {529, "", again},
		{200, "", again}, {200, "429", again}, {200, "401", config}, {200, "rate_limit_exceeded", again},
		{200, "model_not_found", config}, {200, "insufficient_quota", config},
		{0, "", no},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.status, test.code), func(t *testing.T) {
			err := fmt.Errorf("wrapped: %w", &embed.Error{HTTPStatus: test.status, Code: test.code})
			require.Equal(t, test.want == again, retry.Retryable(err), "retryable")
			var e *embed.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, test.want == config, e.ConfigFault(), "config fault")
		})
	}
}

func TestErrorByItsCause(t *testing.T) {
	for _, cause := range []error{io.ErrUnexpectedEOF, context.DeadlineExceeded, errors.New("x")} {
		e := &embed.Error{Err: cause}
		require.True(t, e.Retryable(), cause)
		require.False(t, e.ConfigFault(), cause)
		require.ErrorIs(t, e, cause)
	}
	e := &embed.Error{Err: http.ErrSchemeMismatch}
	require.False(t, e.Retryable())
	require.True(t, e.ConfigFault())
}

func TestErrorText(t *testing.T) {
	require.Equal(t, "embed", (&embed.Error{}).Error())
	e := &embed.Error{
		Provider: "openai_compatible", Endpoint: "https://h/v1/embeddings", HTTPStatus: 401,
		Code: "invalid_api_key", Type: "invalid_request_error", Message: "wrong", Setting: "embedding.api_key",
		Wait: time.Second,
	}
	require.Equal(t, "embed: openai_compatible: POST https://h/v1/embeddings: 401 Unauthorized "+
		"(invalid_api_key): wrong; check embedding.api_key", e.Error())
	require.Equal(t, time.Second, retry.After(e))
	e.Code = ""
	require.Contains(t, e.Error(), "(invalid_request_error)")
}

// TestErrorReplies are the forms in which services that call themselves compatible
// report errors.
func TestErrorReplies(t *testing.T) {
	tests := map[string]struct{ body, code, kind, message string }{
		"OpenAI":           {`{"error":{"message":"m","type":"t","param":null,"code":"c"}}`, "c", "t", "m"},
		"code a number":    {`{"error":{"message":"m","code":413}}`, "413", "", "m"},
		"list of messages": {`{"error":{"message":["m","n"]}}`, "", "", "m, n"},
		"error a text":     {`{"error":"m"}`, "", "", "m"},
		"error and type":   {`{"error":"m","error_type":"t"}`, "", "t", "m"},
		"at the top":       {`{"object":"error","message":"m","type":"t","code":413}`, "413", "t", "m"},
		"detail":           {`{"detail":"m"}`, "", "", "m"},
		"list of details":  {`{"detail":[{"loc":["body","input",3],"msg":"m"},{"msg":"n"}]}`, "", "", "body.input: m, : n"},
		"nothing known":    {`{"oops":"record text"}`, "", "", "no error message in the reply"},
		"error null":       {`{"error":null}`, "", "", "no error message in the reply"},
		"white space":      {"{\"error\":\"a\\n\\n  b\"}", "", "", "a b"},
		"not an object":    {`["m"]`, "", "", "the reply is not valid JSON: it may be cut short"},
		"text":             {"upstream\n gone", "", "", "the reply is not JSON: upstream gone"},
		"bytes":            {"\xff\xfe\x00", "", "", "the reply is not JSON"},
		"page": {
			"<h1>Sorry</h1>", "", "",
			"the reply is an HTML page, not JSON: this is not the base URL of an embeddings API",
		},
		"cut":               {`{"error":{"mess`, "", "", "the reply is not valid JSON: it may be cut short"},
		"message of object": {`{"error":{"message":{"a":1}}}`, "", "", "no error message in the reply"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := embedtest.NewServer(strict())
			server.Fail(embedtest.Fault{Status: 413, Body: test.body})
			_, err := newCompatible(t, server, nil).Embed(t.Context(), []string{"a"})
			e := requireError(t, err)
			require.Equal(t, 413, e.HTTPStatus)
			require.Equal(t, test.code, e.Code)
			require.Equal(t, test.kind, e.Type)
			require.Equal(t, test.message, e.Message)
		})
	}
}

func TestNotFoundHintsAtTheVersion(t *testing.T) {
	server := embedtest.NewServer(strict())
	_, err := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) {
		o.BaseURL = "https://vectors.example"
	}).Embed(t.Context(), []string{"a"})
	require.ErrorContains(t, err, "most base URLs end in /v1")
	_, err = newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) {
		o.Model = "other"
	}).Embed(t.Context(), []string{"a"})
	require.NotContains(t, err.Error(), "most base URLs")
	require.Equal(t, "embedding.model_name", requireError(t, err).Setting)
}
