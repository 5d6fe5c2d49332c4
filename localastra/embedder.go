package localastra

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"destination-astra/internal/nearby"
	"destination-astra/internal/proxy"
	"destination-astra/internal/redact"
)

const (
	// embedTimeout is for one call with up to 100 texts.
	embedTimeout = time.Minute
	// embedDialTimeout bounds the making of a connection, and again its TLS.
	embedDialTimeout = 10 * time.Second
	// maxEmbedReply bounds an answer: 100 vectors of 4096 dimensions as JSON.
	maxEmbedReply = 32 << 20
	// maxRefusal bounds what is read of a refusal, in which secrets are looked for.
	maxRefusal = 64 << 10
	// shownReply is how much of a refusal an error repeats.
	shownReply = 200
)

// EmbedderOptions says how to reach an embedding service.
type EmbedderOptions struct {
	// URL is the base, such as https://api.openai.com/v1 or http://localhost:11434/v1.
	URL string
	// Model is sent with each request; empty leaves it out.
	Model string
	// Key goes into the Authorization header; empty means none.
	Key string
	// Transport is one of its own when nil, which sends plain http to loopback and private
	// addresses only.
	Transport http.RoundTripper
}

// NewEmbedder returns an Options.Embed that calls POST URL/embeddings, as OpenAI and
// the many that follow it define it. Each call has a minute; nothing is retried, since
// the client of the Data API can.
func NewEmbedder(o EmbedderOptions) (EmbedFunc, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		shown := o.URL
		if err != nil || strings.Contains(shown, "@") {
			shown = "[not shown]" // it may hold a password, and in a wrong URL nobody knows where
		}
		return nil, &OptionError{"embedder", shown, "an http or https URL"}
	}
	if base.Scheme == "http" && nearby.Judge(base.Hostname()) == nearby.Public {
		return nil, &OptionError{"embedder", "http://" + base.Host, "an https URL, for its host is neither loopback nor private"}
	}
	if o.Transport == nil {
		o.Transport = proxy.NewTransport(&http.Transport{ForceAttemptHTTP2: true, TLSHandshakeTimeout: embedDialTimeout,
			IdleConnTimeout: embedTimeout}, net.Dialer{Timeout: embedDialTimeout})
	}
	e := &embedder{options: o, url: strings.TrimSuffix(o.URL, "/") + "/embeddings",
		redact: redact.New(append(redact.OfURL(base), o.Key)...)}
	e.client = &http.Client{Transport: o.Transport, Timeout: embedTimeout}
	// A redirect would take the key and the texts to a server that nobody named.
	e.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return e.embed, nil
}

// embedder is a client of one embedding service.
type embedder struct {
	options EmbedderOptions
	url     string
	client  *http.Client
	redact  *redact.Redactor
}

// embed returns one vector for each text. Errors carry the service's own words, cut
// short; they never carry the key or the login of the URL.
func (e *embedder) embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, err := e.ask(ctx, texts)
	if err == nil {
		return vectors, nil
	}
	return nil, e.redact.Error(err)
}

// ask sends one request.
func (e *embedder) ask(ctx context.Context, texts []string) ([][]float32, error) {
	body, err := json.Marshal(map[string]any{"input": texts, "model": e.options.Model, "encoding_format": "float"})
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if e.options.Key != "" {
		request.Header.Set("Authorization", "Bearer "+e.options.Key)
	}
	response, err := e.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	bound := int64(maxEmbedReply)
	if response.StatusCode != http.StatusOK {
		bound = maxRefusal
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, bound))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		said := e.redact.Text(response.Status + ": " + string(text)) // half a secret would not be found
		return nil, errors.New(strings.ToValidUTF8(said[:min(len(said), shownReply)], ""))
	}
	return decodeEmbedding(text, len(texts))
}

// decodeEmbedding puts the vectors, which may come in any order, into that of the texts. One
// that is missing, given twice, shorter than the first, or that holds anything but numbers
// is an error of the service: a search would find nonsense with it.
func decodeEmbedding(text []byte, count int) ([][]float32, error) {
	answer, refusal := parseJSON(string(text))
	if refusal != nil {
		return nil, fmt.Errorf("decode answer: %w", refusal)
	}
	data, _ := answer.get("data")
	vectors := make([][]float32, count)
	for _, item := range data.items {
		index, _ := item.get("index")
		at, err := strconv.Atoi(cmp.Or(index.text, "0")) // a single vector may have none
		if err != nil || at < 0 || at >= count {
			return nil, fmt.Errorf("vector %s of %d", index.json(), count)
		}
		embedding, _ := item.get("embedding")
		if vectors[at] != nil || len(embedding.items) == 0 {
			return nil, fmt.Errorf("vector %d is empty, or is there twice", at)
		}
		v, refusal := parseVectorArray(embedding)
		if refusal != nil {
			return nil, fmt.Errorf("vector %d: %w", at, refusal)
		}
		vectors[at] = v.floats
	}
	for i, v := range vectors {
		if len(v) == 0 || len(v) != len(vectors[0]) {
			return nil, fmt.Errorf("vector %d has %d dimensions, the first has %d", i, len(v), len(vectors[0]))
		}
	}
	return vectors, nil
}
