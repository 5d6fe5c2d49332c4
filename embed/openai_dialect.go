package embed

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/sashabaranov/go-openai"

	"destination-astra/internal/nearby"
)

// openAIDialect is OpenAI's embeddings API, which Azure and compatible services share.
type openAIDialect struct {
	url, shown string
	model      string
	dimensions int // asked for when not 0
	served     servedModel
}

// Forms of openAIDialect: base64 is asked for, or encoding_format is left out, which
// every service takes.
const (
	openAIBase64 = iota
	openAIFloats
	openAIForms
)

func newOpenAIDialect(u *url.URL, model string, dimensions int) openAIDialect {
	return openAIDialect{url: u.String(), shown: shownURL(u), model: model, dimensions: dimensions,
		served: servedModel(model)}
}

func (openAIDialect) forms() int { return openAIForms }

func (d openAIDialect) request(form int, texts []string, _ bool) (question, error) {
	request := openai.EmbeddingRequest{
		Input:      texts,
		Model:      openai.EmbeddingModel(d.model),
		Dimensions: d.dimensions,
	}
	if form == openAIBase64 {
		request.EncodingFormat = openai.EmbeddingEncodingFormatBase64
	}
	body, err := encodeRequest(request)
	return question{url: d.url, shown: d.shown, body: body}, err
}

func (d openAIDialect) decode(reply []byte, count, dimension int) ([]Vector, int64, error) {
	return decodeEmbeddings(reply, count, dimension, d.served)
}

// encodeRequest writes JSON without escaping what only HTML needs escaped.
func encodeRequest(request any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(request); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// baseURL reads a base URL. Its error is for the user and does not repeat the URL,
// which may hold a password.
func baseURL(base string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(base))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("the base URL is not a URL such as https://host/v1")
	}
	if u.Scheme == "http" && nearby.Judge(u.Hostname()) == nearby.Public {
		return nil, errors.New("the base URL is plain http to a host that is neither loopback nor private, " +
			"so the key and the texts would travel unencrypted; use https")
	}
	u.Path, u.RawPath, u.Fragment = strings.TrimRight(u.Path, "/"), "", ""
	return u, nil
}

// embeddingsURL appends /embeddings to a base URL, once.
func embeddingsURL(base string) (*url.URL, error) {
	u, err := baseURL(base)
	if err != nil {
		return nil, err
	}
	u.Path = strings.TrimSuffix(u.Path, "/embeddings") + "/embeddings"
	return u, nil
}
