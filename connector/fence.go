package connector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
	"destination-astra/internal/retry"
	"destination-astra/internal/wait"
)

// markPrefix begins the _id of a mark. Marks have neither an _ab_stream nor a
// vector, so that no stream and no search has them.
const markPrefix = "_ab_sync:"

// Bounds of the fence.
const (
	// holdShare: a sync looks for its marks again after this part of the settle time.
	holdShare = 5
	// marksAtATime bounds the calls of claiming and releasing, one a stream.
	marksAtATime = 8
	// maxClaims bounds how often a claim meets another one.
	maxClaims = 10
	// maxBefore bounds a mark in a collection where no attempt ever ends well.
	maxBefore = 50
	// releaseTimeout bounds the end of a sync, and releaseHurry that of one which was
	// interrupted: its grace is used up. A mark that stays costs the next sync of the
	// stream a wait, and nothing else.
	releaseTimeout = 5 * time.Second
	releaseHurry   = 500 * time.Millisecond
)

// marks is what the fence needs of the Data API.
type marks interface {
	InsertOne(ctx context.Context, document any) error
	UpdateOne(ctx context.Context, filter, update any) (matched bool, err error)
	DeleteOne(ctx context.Context, filter any) (deleted bool, err error)
	FindAll(ctx context.Context, q astra.FindQuery, each func(json.RawMessage) error) error
}

var _ marks = (*astra.Collection)(nil)

// mark says that an attempt writes a stream. It is a document of the collection
// for as long as the attempt runs, or may have a write in flight.
type mark struct {
	ID         string `json:"_id,omitempty"`
	Attempt    string `json:"_ab_attempt"`
	Generation *int64 `json:"_ab_generation_id,omitempty"`
	// Before are the attempts since the last one that ended as it should.
	Before  []string `json:"_ab_sync_before,omitempty"`
	Stream  string   `json:"_ab_sync_stream"` // for people
	Started string   `json:"_ab_sync_started"`
}

// fence keeps two attempts that write the same stream from harming each other
// (ADR 0017). Each attempt puts its mark into the collection before it writes. One that meets the mark
// of another takes it over, and waits until what that one has in flight can no
// longer be applied; the other one finds its mark gone and stops. It is safe for
// concurrent use after take.
type fence struct {
	marks   marks
	nonce   string           // of this attempt
	streams []*intake.Stream // by name: the first one decides between attempts that begin together
	started time.Time
	// settle is how long a write may still be applied; 0 where the server ends
	// with this process, so that nothing of an attempt before can be in flight.
	settle time.Duration
	log    *slog.Logger

	turn    wait.Turn // of what follows
	before  []string  // attempts that did not end as they should, by the marks that were taken over
	waiting bool      // for what they have in flight
	partial bool      // records are stored in part
	checked time.Time
	lost    error
	unknown time.Time // when the last write of unknown outcome ended
}

func newFence(m marks, all *intake.Streams, facts intake.CallFacts, settle time.Duration, log *slog.Logger) *fence {
	sorted := slices.Clone(all.List)
	slices.SortFunc(sorted, func(a, b *intake.Stream) int { return strings.Compare(a.Name(), b.Name()) })
	return &fence{
		marks: m, nonce: facts.Nonce, started: facts.Started, streams: sorted, settle: settle, log: log,
		turn: wait.NewTurn(),
	}
}

// take claims all streams, and waits for the attempts that held them before. A
// stream that a job of a newer generation holds is a [StaleJobError].
func (f *fence) take(ctx context.Context) error {
	if len(f.streams) == 0 {
		return nil
	}
	claimed := time.Now()
	if err := f.claimAll(ctx); err != nil {
		return errors.Join(err, f.release(ctx, true))
	}
	if f.waiting && f.settle > 0 {
		wait := f.settle + f.settle/holdShare
		f.log.Warn("an earlier attempt did not end as it should, or still runs: it is stopped, and what it may "+
			"have in flight is waited for", "wait", wait)
		if err := retry.Sleep(ctx, wait); err != nil {
			return err
		}
	}
	f.waiting, f.checked = false, claimed // a third attempt may have come while this one waited
	return nil
}

// claimAll claims the first stream and then the others, so that of several attempts that begin
// together the last one to hold the first stream comes to hold all.
func (f *fence) claimAll(ctx context.Context) error {
	if err := f.claim(ctx, f.streams[0]); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(marksAtATime)
	for _, s := range f.streams[1:] {
		group.Go(func() error { return f.claim(ctx, s) })
	}
	return group.Wait()
}

// claim puts the attempt's mark of one stream into the collection.
func (f *fence) claim(ctx context.Context, s *intake.Stream) error {
	if err := f.claimOne(ctx, s); err != nil {
		return fmt.Errorf("stream %q: %w", s.Descriptor, err)
	}
	return nil
}

func (f *fence) claimOne(ctx context.Context, s *intake.Stream) error {
	own := mark{
		ID: markID(s), Attempt: f.nonce, Generation: s.GenerationID,
		Stream: s.Name(), Started: f.started.UTC().Format(time.RFC3339),
	}
	for range maxClaims {
		err := f.marks.InsertOne(ctx, own)
		if !astra.HasCode(err, astra.CodeDocumentAlreadyExists) {
			return err
		}
		there, err := f.read(ctx, []any{own.ID})
		if err != nil {
			return err
		}
		holder, found := there[own.ID]
		switch {
		case !found: // released meanwhile
			continue
		case holder.Attempt == f.nonce: // our own, whose answer was lost
			return nil
		case s.Numbered && holder.Generation != nil && *holder.Generation > *s.GenerationID:
			return &failure.StaleJobError{
				Stream: s.Descriptor, Generation: *s.GenerationID, Newer: *holder.Generation, Mark: own.ID,
			}
		}
		if err := f.leads(ctx, s); err != nil {
			return err
		}
		if taken, err := f.takeOver(ctx, own, holder); err != nil || taken {
			return err
		}
	}
	return fmt.Errorf("%d other syncs of the stream begin at the same time", maxClaims)
}

// leads makes sure, before a mark is taken over, that the first stream is still held: who has
// taken that one over comes for the others too.
func (f *fence) leads(ctx context.Context, s *intake.Stream) error {
	first := f.streams[0]
	if s == first {
		return nil
	}
	there, err := f.read(ctx, []any{markID(first)})
	if err == nil && there[markID(first)].Attempt != f.nonce {
		err = &failure.TakenOverError{Stream: first.Descriptor}
	}
	return err
}

// takeOver sets the mark of another attempt to ours, unless a third one was faster.
func (f *fence) takeOver(ctx context.Context, own, holder mark) (bool, error) {
	own.Before = append(holder.Before, holder.Attempt)
	own.Before = own.Before[max(0, len(own.Before)-maxBefore):]
	// Noted before it is known to be done: the answer may be lost.
	err := f.turn.Do(ctx, func() error {
		f.before, f.waiting = append(f.before, own.Before...), true
		return nil
	})
	if err != nil {
		return false, err
	}
	filter := map[string]any{"_id": own.ID, document.FieldAttempt: holder.Attempt}
	own.ID = "" // an _id cannot be set
	return f.marks.UpdateOne(ctx, filter, map[string]any{"$set": own})
}

// read returns the marks with these ids that are there.
func (f *fence) read(ctx context.Context, ids []any) (map[string]mark, error) {
	found := map[string]mark{}
	for part := range slices.Chunk(ids, astra.MaxInValues) {
		err := f.marks.FindAll(ctx, astra.FindQuery{
			Filter:      map[string]any{"_id": map[string]any{"$in": part}},
			Projection:  map[string]any{"_id": 1, document.FieldAttempt: 1, document.FieldGenerationID: 1, "_ab_sync_before": 1},
			ShortFields: true,
		}, func(raw json.RawMessage) error {
			var m mark
			if err := json.Unmarshal(raw, &m); err != nil {
				return fmt.Errorf("find: document %.200s: %w", raw, err)
			}
			found[m.ID] = m
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// guarded returns a context whose writes ask the fence first.
func (f *fence) guarded(ctx context.Context) context.Context {
	return astra.WithTrace(ctx, &astra.Trace{
		BeforeWrite: f.hold,
		UnknownOutcome: func(*astra.Error) {
			_ = f.turn.Do(context.WithoutCancel(ctx), func() error { f.unknown = time.Now(); return nil })
		},
	})
}

// hold makes sure, before a write, that no other attempt has taken over. What it
// saw is believed for a part of the settle time, for which whoever takes over waits too.
func (f *fence) hold(ctx context.Context) error {
	return f.turn.Do(ctx, func() error {
		now := time.Now()
		if f.lost != nil || f.settle == 0 || now.Sub(f.checked) < f.settle/holdShare {
			return f.lost
		}
		ids := make([]any, len(f.streams))
		for i, s := range f.streams {
			ids[i] = markID(s)
		}
		there, err := f.read(ctx, ids)
		if err != nil {
			return err
		}
		for _, s := range f.streams {
			if there[markID(s)].Attempt != f.nonce {
				f.lost = &failure.TakenOverError{Stream: s.Descriptor}
				return f.lost
			}
		}
		f.checked = now
		return nil
	})
}

// leave has the marks stay when the sync does not end well: it has stored records in part.
func (f *fence) leave(ctx context.Context) error {
	return f.turn.Do(context.WithoutCancel(ctx), func() error { f.partial = true; return nil })
}

// release takes the marks away. When the sync did not end well they stay if something may
// still be in flight, so that the next attempt waits for it, and if records may be stored in
// part, by this attempt or by one before it, so that the next one knows whose parts they are.
func (f *fence) release(ctx context.Context, well bool) error {
	patience := releaseTimeout
	if ctx.Err() != nil {
		patience = releaseHurry
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	stay := false
	err := f.turn.Do(ctx, func() error {
		inPart := f.partial || len(f.before) > 0
		stay = f.waiting || f.lost != nil || !well && (inPart || time.Since(f.unknown) < f.settle)
		return nil
	})
	if err != nil || stay {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(marksAtATime)
	for _, s := range f.streams {
		group.Go(func() error {
			_, err := f.marks.DeleteOne(ctx, map[string]any{"_id": markID(s), document.FieldAttempt: f.nonce})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		f.log.Info("the marks of this sync stay in the collection, and the next one waits for a moment", "error", err)
	}
	return nil
}

// leftBy reports whether a document with that _ab_attempt was inserted by an attempt before
// this one that did not end as it should, as a part of this version of its record.
func (f *fence) leftBy(stamp, version string) bool {
	nonce, of, split := strings.Cut(stamp, ".")
	return slices.Contains(f.before, nonce) && (!split || of == version)
}

func markID(s *intake.Stream) string {
	sum := sha256.Sum256([]byte(s.Name()))
	return markPrefix + hex.EncodeToString(sum[:16])
}
