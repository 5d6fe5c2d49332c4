package embed

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// run is one call of Embed under way. Requests write to different parts of vectors.
type run struct {
	*service
	query   bool
	partial bool // a refused text does not end the run
	pieces  []piece
	vectors []Vector

	mu      sync.Mutex
	refused *Error
	doubted int64 // when the last text was refused that may not be to blame
}

// embed returns the vectors of the texts. A partial run returns those that there are
// beside the error about the texts that the service refuses.
func (s *service) embed(ctx context.Context, texts []string, query, partial bool) ([]Vector, error) {
	r := &run{service: s, query: query, partial: partial, pieces: s.cut(texts)}
	r.vectors = make([]Vector, len(r.pieces))
	if err := r.send(ctx); err != nil {
		return nil, err
	}
	if passed, _ := r.trust.since(r.doubted); r.doubted > 0 && !passed {
		if err := r.believe(ctx, r.refused, r.doubted, query); err != nil {
			return nil, err
		}
	}
	return r.joined(len(texts))
}

// cut turns texts into what is sent: longer ones than the window in parts.
func (s *service) cut(texts []string) []piece {
	pieces := make([]piece, 0, len(texts))
	window := int(s.window.Load())
	for i, text := range texts {
		parts := []string{text}
		if s.counter != nil && window > 0 {
			parts = cutText(s.counter, text, window)
		}
		for _, part := range parts {
			pieces = append(pieces, piece{text: part, tokens: s.count(part), of: i})
		}
	}
	return pieces
}

// send makes the requests for all pieces. The pace decides when each goes out.
func (r *run) send(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(r.parallel)
	for lo := 0; lo < len(r.pieces) && inner.Err() == nil; {
		first, end := lo, lo+r.packer.next(r.pieces[lo:])
		group.Go(func() error { return r.batch(inner, first, end, false) })
		lo = end
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// batch embeds the pieces from lo to hi in one request. When the service refuses it,
// what was refused is found by asking for less at a time, so that nothing that was
// accepted is asked for again; part tells that it was refused before, in a larger request.
func (r *run) batch(ctx context.Context, lo, hi int, part bool) error {
	pieces := r.pieces[lo:hi]
	vectors, err := r.ask(ctx, pieces, r.query)
	copy(r.vectors[lo:hi], vectors)
	var e *Error
	if err == nil || ctx.Err() != nil || !errors.As(err, &e) || !e.aboutText() {
		return err
	}
	if anyVector(vectors) >= 0 { // the others passed with it
		return r.refuse(e, lo)
	}
	at, err := r.doubt(ctx, e, pieces, part)
	switch {
	case err != nil:
		return err
	case vectors != nil:
		return r.refuseAt(at, e, lo)
	case hi-lo == 1:
		return r.single(ctx, e, lo, at)
	case e.kind() == faultTooMuch:
		r.packer.learn(e, pieces)
		return r.again(ctx, lo, hi)
	}
	middle := lo + (hi-lo)/2
	if err := r.batch(ctx, lo, middle, true); err != nil {
		return err
	}
	return r.batch(ctx, middle, hi, true)
}

// doubt takes note of a refusal and returns its moment. A known-good text is asked for
// before anything is divided because of a refusal for no known reason, and when many
// refusals follow each other: no service that is down is asked about each text.
func (r *run) doubt(ctx context.Context, e *Error, pieces []piece, part bool) (at int64, err error) {
	if !r.partial && len(pieces) == 1 { // the refusal is the caller's answer, whoever is to blame
		if pieces[0].text == neutralText {
			return 0, e.aboutEverything()
		}
		return 0, nil
	}
	at, inARow := r.trust.refuse()
	reasonless := e.kind() == faultRequest || e.kind() == faultVector
	if reasonless && !part || inARow%refusalsInARow == 0 {
		return at, r.believe(ctx, e, at, r.query)
	}
	return at, nil
}

// single decides about a piece that was refused alone.
func (r *run) single(ctx context.Context, e *Error, i int, at int64) error {
	long := e.kind() == faultTextTooLong || e.kind() == faultTooMuch
	switch {
	case long && r.counter != nil && r.pieces[i].tokens > 1:
		return r.halve(ctx, e, i, at)
	default:
		e.Texts = []int{0}
		return r.refuseAt(at, e, i)
	}
}

// again asks for the pieces in requests that the packer now allows, each smaller than
// the one that was refused.
func (r *run) again(ctx context.Context, lo, hi int) error {
	most := hi - lo - 1
	for lo < hi {
		end := lo + min(most, r.packer.next(r.pieces[lo:hi]))
		if err := r.batch(ctx, lo, end, true); err != nil {
			return err
		}
		lo = end
	}
	return nil
}

// halve embeds a piece that is longer than the window was thought to be, in parts,
// and remembers how long texts may be.
func (r *run) halve(ctx context.Context, e *Error, i int, at int64) error {
	window := learnedWindow(e, r.pieces[i].tokens)
	for known := r.window.Load(); known == 0 || int64(window) < known; known = r.window.Load() {
		if r.window.CompareAndSwap(known, int64(window)) {
			break
		}
	}
	parts := &run{service: r.service, query: r.query}
	for _, text := range cutText(r.counter, r.pieces[i].text, window) {
		parts.pieces = append(parts.pieces, piece{text: text, tokens: r.count(text)})
	}
	if len(parts.pieces) < 2 { // one character of several tokens
		e.Texts = []int{0}
		return r.refuseAt(at, e, i)
	}
	parts.vectors = make([]Vector, len(parts.pieces))
	err := parts.send(ctx)
	if err == nil {
		var none *Error
		r.vectors[i], none = average(parts.vectors, parts.pieces)
		err = asError(none)
	}
	var refused *Error
	if errors.As(err, &refused) && ctx.Err() == nil && refused.aboutText() {
		refused.Texts = []int{0}
		at, _ := r.trust.refuse()
		return r.refuseAt(at, refused, i)
	}
	return err
}

// learnedWindow reads the limit in a message such as "must have less than 512 tokens.
// Given: 811" in our own count of the text; else it is half the text.
func learnedWindow(e *Error, ours int) int {
	return max(1, min(ours-1, scaled(e.Message, ours)*19/20))
}

// refuseAt is refuse for texts of which it is not known yet whether they are to blame.
func (r *run) refuseAt(at int64, e *Error, lo int) error {
	r.mu.Lock()
	r.doubted = max(r.doubted, at)
	r.mu.Unlock()
	return r.refuse(e, lo)
}

// refuse takes note of texts that the service does not embed: e.Texts counts from the
// piece lo. Unless the run is partial, the error ends it.
func (r *run) refuse(e *Error, lo int) error {
	for i := range e.Texts {
		e.Texts[i] = r.pieces[lo+e.Texts[i]].of
	}
	if !r.partial {
		return e
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused == nil {
		r.refused = e
	} else {
		r.refused.Texts = append(r.refused.Texts, e.Texts...)
	}
	return nil
}

// joined returns one vector for each text, and the error about those that have none.
func (r *run) joined(texts int) ([]Vector, error) {
	vectors := make([]Vector, texts)
	missing := make([]bool, texts)
	if r.refused != nil {
		for _, text := range r.refused.Texts {
			missing[text] = true
		}
	}
	for lo := 0; lo < len(r.pieces); {
		of, hi := r.pieces[lo].of, lo+1
		for hi < len(r.pieces) && r.pieces[hi].of == of {
			hi++
		}
		vector, err := r.vectors[lo], (*Error)(nil)
		if hi-lo > 1 && !missing[of] {
			vector, err = average(r.vectors[lo:hi], r.pieces[lo:hi])
		}
		if err != nil {
			err.Provider, err.Texts = r.provider, []int{0}
			if err := r.refuse(err, lo); err != nil {
				return nil, err
			}
			missing[of] = true
		}
		if !missing[of] {
			vectors[of] = vector
		}
		lo = hi
	}
	if r.refused != nil {
		slices.Sort(r.refused.Texts)
		r.refused.Texts = slices.Compact(r.refused.Texts)
		return vectors, r.refused
	}
	return vectors, nil
}
