package embed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sashabaranov/go-openai"

	"destination-astra/internal/retry"
)

// providerOpenAICompatible is the embedding mode of OpenAICompatible.
const providerOpenAICompatible = "openai_compatible"

// Limits of one request of OpenAICompatible. Text Embeddings Inference takes 32
// texts and 2 MB unless it was started with other limits; other services take more.
const (
	DefaultMaxTexts = 32
	DefaultMaxBytes = 1 << 20
)

// DefaultModel is the model asked for when none is configured, as Airbyte's Python
// connectors do.
const DefaultModel = string(openai.AdaEmbeddingV2)

// OpenAICompatibleOptions configure an OpenAICompatible. BaseURL and Dimensions are
// required; every other zero value means its default.
type OpenAICompatibleOptions struct {
	// BaseURL is what /embeddings is appended to: with or without a slash at its
	// end, and with or without /embeddings already. A query is kept.
	BaseURL string
	// APIKey is sent as a bearer token; without one no Authorization header is sent.
	APIKey string `json:"-"`
	// Model is sent as it is; DefaultModel when empty.
	Model string
	// Dimensions is how long the model's vectors are. It is checked, never sent:
	// many compatible services refuse the field.
	Dimensions int
	// Transport carries the requests; nil means one that honours HTTPS_PROXY,
	// HTTP_PROXY and NO_PROXY.
	Transport http.RoundTripper
	// UserAgent is DefaultUserAgent when empty.
	UserAgent string
	// Timeout bounds one request, its reply included; DefaultTimeout when 0.
	Timeout time.Duration
	// Retry says how requests are repeated.
	Retry retry.Policy
	// MaxTexts and MaxBytes bound the texts of one request (bytes of UTF-8);
	// DefaultMaxTexts and DefaultMaxBytes when 0. A longer text is sent alone.
	MaxTexts, MaxBytes int
}

// Format prints the options without the key, whatever the verb.
func (o OpenAICompatibleOptions) Format(w fmt.State, _ rune) {
	_, _ = fmt.Fprintf(w, "{BaseURL:%s Model:%s Dimensions:%d}", o.BaseURL, o.Model, o.Dimensions)
}

// OpenAICompatible embeds with a service that speaks OpenAI's embeddings API, such
// as vLLM, Text Embeddings Inference, Ollama, LM Studio or a gateway. It is safe
// for concurrent use; one call of Embed sends its requests one after the other.
type OpenAICompatible struct {
	client     *client
	model      string
	dimensions int
	budget     budget
	encoding   atomic.Int32 // an encoding
}

var _ Embedder = (*OpenAICompatible)(nil)

// encoding is what is known of the service's way to write vectors.
type encoding = int32

const (
	encodingUntried encoding = iota // base64 is asked for
	encodingBase64                  // base64 is asked for, and the service takes that
	encodingFloats                  // the service refuses the question
)

// NewOpenAICompatible makes an embedder without talking to the service. Options
// that cannot work are an *Error that names the setting.
func NewOpenAICompatible(o OpenAICompatibleOptions) (*OpenAICompatible, error) {
	s := settings{
		address:    "embedding.base_url",
		key:        "embedding.api_key",
		model:      "embedding.model_name",
		dimensions: "embedding.dimensions",
	}
	endpoint, err := embeddingsURL(o.BaseURL)
	if err != nil {
		return nil, optionError(faultAddress, s, err.Error())
	}
	key := strings.TrimSpace(o.APIKey)
	if strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, optionError(faultKey, s, "the key holds a control character")
	}
	if o.Dimensions < 1 {
		return nil, optionError(faultDimension, s, "the number of dimensions is not positive")
	}
	return &OpenAICompatible{
		client:     newOpenAIClient(o, endpoint, key, s),
		model:      firstOf(o.Model, DefaultModel),
		dimensions: o.Dimensions,
		budget:     budget{texts: orDefault(o.MaxTexts, DefaultMaxTexts), bytes: orDefault(o.MaxBytes, DefaultMaxBytes)},
	}, nil
}

func newOpenAIClient(o OpenAICompatibleOptions, endpoint *url.URL, key string, s settings) *client {
	password, _ := endpoint.User.Password()
	return &client{
		provider: providerOpenAICompatible,
		url:      endpoint.String(),
		shown:    shownURL(endpoint),
		settings: s,
		http:     newHTTPClient(o.Transport),
		headers: http.Header{
			"Content-Type": {"application/json"},
			"Accept":       {"application/json"},
			"User-Agent":   {firstOf(o.UserAgent, DefaultUserAgent)},
		},
		authorize: func(h http.Header) {
			if key != "" {
				h.Set("Authorization", "Bearer "+key)
			}
		},
		redact:  redactor(key, password),
		timeout: orDefault(o.Timeout, DefaultTimeout),
		retry:   o.Retry,
	}
}

// embeddingsURL appends /embeddings to a base URL, once.
func embeddingsURL(base string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(base))
	// url.Parse's error repeats the URL, which may hold a password.
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("the base URL is not a URL such as https://host/v1")
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/embeddings") + "/embeddings"
	u.RawPath, u.Fragment = "", ""
	return u, nil
}

func optionError(f fault, s settings, message string) *Error {
	return &Error{
		Provider: providerOpenAICompatible,
		Message:  message,
		Setting:  s.path(faultTraits[f].role),
		fault:    f,
	}
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Embed implements Embedder. An empty text is sent as it is; some services refuse it.
func (o *OpenAICompatible) Embed(ctx context.Context, texts []string) ([]Vector, error) {
	vectors := make([]Vector, 0, len(texts))
	for len(vectors) < len(texts) {
		first := len(vectors)
		n := o.budget.next(texts[first:])
		batch, err := o.embedBatch(ctx, texts[first:first+n])
		if err != nil {
			return nil, shifted(err, first)
		}
		vectors = append(vectors, batch...)
	}
	return vectors, nil
}

// shifted turns the positions in a request into positions in Embed's texts.
func shifted(err error, first int) error {
	var e *Error
	if errors.As(err, &e) {
		for i := range e.Texts {
			e.Texts[i] += first
		}
	}
	return err
}

// embedBatch makes one request; or two, while it is not known whether the service
// takes encoding_format. The service is believed to refuse the field only when the
// same request works without it.
func (o *OpenAICompatible) embedBatch(ctx context.Context, texts []string) ([]Vector, error) {
	known := o.encoding.Load()
	vectors, err := o.request(ctx, texts, known != encodingFloats)
	if err == nil {
		o.encoding.CompareAndSwap(encodingUntried, encodingBase64)
		return vectors, nil
	}
	if known != encodingUntried || !mayRefuseFormat(err) {
		return nil, err
	}
	vectors, err = o.request(ctx, texts, false)
	if err == nil {
		o.encoding.CompareAndSwap(encodingUntried, encodingFloats)
	}
	return vectors, err
}

func mayRefuseFormat(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.kind() == faultTextTooLong {
		return false
	}
	return e.HTTPStatus == http.StatusBadRequest || e.HTTPStatus == http.StatusUnprocessableEntity
}

func (o *OpenAICompatible) request(ctx context.Context, texts []string, base64 bool) ([]Vector, error) {
	request := openai.EmbeddingRequest{Input: texts, Model: openai.EmbeddingModel(o.model)}
	if base64 {
		request.EncodingFormat = openai.EmbeddingEncodingFormatBase64
	}
	body, err := encodeRequest(request)
	if err != nil {
		return nil, fmt.Errorf("embed: %s: encode request: %w", providerOpenAICompatible, err)
	}
	var vectors []Vector
	err = o.client.post(ctx, body, maxReplyBytes(len(texts), o.dimensions), func(reply []byte) error {
		decoded, tokens, err := decodeEmbeddings(reply, len(texts), o.dimensions)
		if err != nil {
			return err
		}
		vectors = decoded
		o.client.usage.texts.Add(int64(len(texts)))
		o.client.usage.tokens.Add(tokens)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return vectors, nil
}

// encodeRequest writes JSON without escaping what only HTML needs escaped.
func encodeRequest(request openai.EmbeddingRequest) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(request); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// maxReplyBytes leaves room for numbers of 40 bytes and for a model of more
// dimensions than configured, so that the answer to that is not "too long".
func maxReplyBytes(texts, dimensions int) int64 {
	return int64(texts)*int64(max(dimensions, 8192))*40 + 1<<20
}

// Dimension implements Embedder.
func (o *OpenAICompatible) Dimension() int { return o.dimensions }

// Fingerprint implements Embedder: openai_compatible/model/dimension. The URL is
// not in it, so that a service may move.
func (o *OpenAICompatible) Fingerprint() string {
	return fmt.Sprintf("%s/%s/%d", providerOpenAICompatible, o.model, o.dimensions)
}

// Usage returns the work done so far.
func (o *OpenAICompatible) Usage() Usage { return o.client.usage.usage() }

// CloseIdleConnections closes the connections that no request uses.
func (o *OpenAICompatible) CloseIdleConnections() { o.client.http.CloseIdleConnections() }
