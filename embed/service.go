package embed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"destination-astra/internal/wait"
)

// dialect is how one provider's requests are written and its replies read. It is safe
// for concurrent use.
type dialect interface {
	// forms is how many ways to ask there are; the first is the best one.
	forms() int
	// request writes a request in one of its forms.
	request(form int, texts []string, query bool) (question, error)
	// decode reads a reply as decodeEmbeddings does.
	decode(reply []byte, count, dimension int) ([]Vector, int64, error)
}

// question is a request as a dialect writes it.
type question struct {
	url, shown string
	body       []byte
}

// service is what all providers with a service behind them have in common.
type service struct {
	provider  string
	model     string
	dimension int
	id        string // the fingerprint
	client    *client
	dialect   dialect
	packer    *packer
	trust     *trust
	// counter is nil when the texts can only be estimated, and then none is cut.
	counter Counter
	window  atomic.Int64 // 0 while unknown
	// form is the dialect's form that the service takes, -1 until one has worked.
	form     atomic.Int32
	settling wait.Turn // of whoever finds out the form
	parallel int
}

// serviceOptions are what a constructor has found out.
type serviceOptions struct {
	identity  identity
	model     string
	dimension int
	endpoint  *url.URL
	named     string // what replies name the model, where that is not model
	known     Model
	budget    budget
	guess     bool // the counter is not that of the model
	dialect   dialect
	common    Common
}

func newService(o serviceOptions) *service {
	o.common = o.common.withDefaults()
	limits := o.common.limitedBy(o.budget)
	if o.common.TokensPerMinute > 0 { // a request beyond it could only be sent alone
		limits.tokens = lower(limits.tokens, o.common.TokensPerMinute)
	}
	s := &service{
		provider:  o.identity.provider,
		model:     o.model,
		dimension: o.dimension,
		id: fingerprint(o.identity.provider, firstOf(o.named, o.model),
			firstOf(o.common.ServiceID, serviceAt(o.identity.provider, o.endpoint)), o.dimension),
		client:   newClient(o.identity, o.common),
		dialect:  o.dialect,
		counter:  o.common.Counter,
		packer:   &packer{budget: limits},
		trust:    newTrust(),
		settling: wait.NewTurn(),
		parallel: o.common.MaxConcurrency,
	}
	s.client.retired = o.known.Retired
	window := o.known.Window
	if o.guess { // another tokenizer's count may be a third too low
		window -= window / 4
	}
	s.window.Store(int64(window))
	s.form.Store(-1)
	return s
}

// Embed implements Embedder. Several requests are under way at a time, as many as the
// service bears, over all calls together. An empty text is sent as it is; some
// services refuse it.
func (s *service) Embed(ctx context.Context, texts []string) ([]Vector, error) {
	vectors, err := s.embed(ctx, texts, false, false)
	if err != nil {
		return nil, err
	}
	return vectors, nil
}

// EmbedSome implements SomeEmbedder.
func (s *service) EmbedSome(ctx context.Context, texts []string) ([]Vector, error) {
	return s.embed(ctx, texts, false, true)
}

// EmbedQuery implements QueryEmbedder.
func (s *service) EmbedQuery(ctx context.Context, text string) (Vector, error) {
	vectors, err := s.embed(ctx, []string{text}, true, false)
	if err != nil {
		return nil, err
	}
	return vectors[0], nil
}

// Dimension implements Embedder.
func (s *service) Dimension() int { return s.dimension }

// Fingerprint implements Embedder: provider/model/dimension, and behind an @ after the
// model which service it is, unless it is the provider's own.
func (s *service) Fingerprint() string { return s.id }

// Usage returns the work done so far.
func (s *service) Usage() Usage { return s.client.usage.usage() }

// Model returns the name of the model that is asked for.
func (s *service) Model() string { return s.model }

// CloseIdleConnections closes the connections that no request uses.
func (s *service) CloseIdleConnections() { s.client.http.CloseIdleConnections() }

// count returns the tokens of a text, estimated when there is no counter.
func (s *service) count(text string) int {
	if s.counter == nil {
		return estimator{}.Count(text)
	}
	return s.counter.Count(text)
}

// ask makes one request; or several, while it is not known in which form the service
// takes them. A form counts as refused only when the same request works in another
// one. The vectors may be there in part, beside an error that tells which are not.
func (s *service) ask(ctx context.Context, pieces []piece, query bool) ([]Vector, error) {
	if s.form.Load() < 0 {
		mine := false
		var vectors []Vector
		err := s.settling.Do(ctx, func() (err error) {
			if mine = s.form.Load() < 0; mine {
				vectors, err = s.settle(ctx, pieces, query)
			}
			return err
		})
		if mine || err != nil {
			return vectors, err
		}
	}
	return s.request(ctx, int(s.form.Load()), pieces, query)
}

func (s *service) settle(ctx context.Context, pieces []piece, query bool) (vectors []Vector, err error) {
	for form := range s.dialect.forms() {
		vectors, err = s.request(ctx, form, pieces, query)
		if err == nil || vectors != nil {
			s.form.Store(int32(form))
			return vectors, err
		}
		if !mayRefuseForm(err) {
			return nil, err
		}
	}
	return nil, err
}

func mayRefuseForm(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.kind() == faultTextTooLong || e.kind() == faultTooMuch {
		return false
	}
	return e.HTTPStatus == http.StatusBadRequest || e.HTTPStatus == http.StatusUnprocessableEntity
}

func (s *service) request(ctx context.Context, form int, pieces []piece, query bool) ([]Vector, error) {
	texts := make([]string, len(pieces))
	tokens, size := 0, 0
	for i, p := range pieces {
		texts[i] = p.text
		tokens += p.tokens
		size += len(p.text)
	}
	q, err := s.dialect.request(form, texts, query)
	if err != nil {
		return nil, fmt.Errorf("embed: %s: encode request: %w", s.provider, err)
	}
	var vectors []Vector
	began := s.trust.begin()
	err = s.client.post(ctx, call{
		url: q.url, shown: q.shown, body: q.body, tokens: tokens,
		limit: maxReplyBytes(len(pieces), s.dimension, size),
		decode: func(reply []byte) (int64, error) {
			decoded, charged, err := s.dialect.decode(reply, len(texts), s.dimension)
			vectors = decoded
			if decoded != nil {
				s.client.usage.add(len(texts), charged, tokens)
			}
			return charged, err
		},
	})
	if i := anyVector(vectors); i >= 0 {
		s.trust.accept(began, texts[i])
	}
	return vectors, err
}

// anyVector returns the position of a vector, or -1.
func anyVector(vectors []Vector) int {
	return slices.IndexFunc(vectors, func(v Vector) bool { return v != nil })
}

// maxReplyBytes leaves room for numbers of 40 bytes, for a model of more dimensions
// than configured, so that the answer to that is not "too long", and for the texts,
// which Cohere repeats.
func maxReplyBytes(texts, dimensions, size int) int64 {
	return int64(texts)*int64(max(dimensions, 8192))*40 + 6*int64(size) + 1<<20
}
