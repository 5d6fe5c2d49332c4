package connector_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"destination-astra/internal/effort"
	"destination-astra/localastra"
)

// modelChunkSize makes several chunks of the longer texts.
const modelChunkSize = 5

// TestModel runs random histories against the connector and a reference that
// knows only what must come of them. Nothing of it takes real time: a history
// spans hours, and takes milliseconds.
func TestModel(t *testing.T) {
	t.Parallel()
	rounds := effort.Of(t, 1, 1, 4) // of 100 histories each, on each backend
	for _, backend := range []string{localastra.BackendAstra, localastra.BackendCassandra} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			effort.Check(t, rounds, func(rt *rapid.T) {
				h := drawHistory(rt, backend)
				var err error
				synctest.Test(t, func(t *testing.T) { err = playHistory(t, h) })
				if err != nil {
					rt.Fatalf("%v\n%s", err, h)
				}
			})
		})
	}
}

// play is a history that is being played.
type play struct {
	*world
	history   history
	reference *reference

	whole   job
	job     job   // as the current attempt sees it
	number  int   // of the job
	pos     []int // where each stream's source stands
	seen    [][]stretch
	sent    []int // numbers of the events of the current attempt
	printed int   // states of the current attempt
	err     error // the first thing found wrong while an attempt ran
	started time.Time

	networks []*chaos // of attempts whose writes may still be applied
}

func playHistory(t *testing.T, h history) error {
	w := newWorld(t, h.Backend)
	w.wait(26 * year)
	reference, err := newReference(h)
	if err != nil {
		return err
	}
	p := &play{world: w, history: h, reference: reference}
	w.server.KeepControl("insertMany", w.refuseTexts(refusedWord))
	for i, j := range h.Jobs {
		p.whole, p.job, p.number = j, j, i+1
		if err := p.playJob(); err != nil {
			return fmt.Errorf("job %d: %w", i+1, err)
		}
	}
	return nil
}

// playJob runs attempts until one succeeds, and looks at what came of it.
func (p *play) playJob() error {
	p.pos, p.seen = make([]int, len(p.history.Kinds)), make([][]stretch, len(p.history.Kinds))
	p.edits = map[string]any{
		"embedding.model_name": p.job.Model, "processing.chunk_size": modelChunkSize,
		"processing.flush_interval_seconds": 20,
		"processing.rejected_records":       map[string]any{"mode": "skip", "max_rejected_records": 1000},
	}
	if p.job.Renamed {
		p.edits["processing.field_name_mappings"] = []any{map[string]any{"from_field": "n", "to_field": "m"}}
	}
	for i := 0; ; i++ {
		last := i == len(p.job.Attempts)
		var planned plan
		if !last {
			planned = p.job.Attempts[i]
		}
		done, err := p.playAttempt(planned)
		switch {
		case err != nil:
			return fmt.Errorf("attempt %d: %w", i+1, err)
		case done:
			return p.finish()
		case last:
			return fmt.Errorf("attempt %d is not disturbed and fails", i+1)
		}
	}
}

// playAttempt is done when all of the input was taken without an error.
func (p *play) playAttempt(planned plan) (done bool, err error) {
	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()
	p.job = p.whole.seenBy(planned)
	network := &chaos{late: p.late(), faults: planned.Faults, outage: planned.Outage}
	source, complete := p.source(planned, cancel)
	p.printed, p.err, p.started = 0, nil, time.Now()
	r := p.write(ctx, attempt{
		streams: p.history.configured(p.job), input: source, jobID: fmt.Sprint(p.number), network: network,
		memory: planned.Memory, batches: planned.Batches, onState: p.state,
	})
	p.networks = append(p.networks, network) // the next attempt starts at once
	if p.err != nil {
		return false, p.err
	}
	p.resume(r)
	undisturbed := planned.End == "" && planned.Faults == nil && planned.Outage == 0
	if undisturbed && r.err != nil {
		return false, fmt.Errorf("without a disturbance: %w", r.err)
	}
	if most := p.distinctTexts(); r.texts > most {
		return false, fmt.Errorf("%d texts are embedded, and only %d differ", r.texts, most)
	}
	return r.err == nil && complete, nil
}

// source is what the attempt reads; complete tells that it is all there is.
func (p *play) source(planned plan, cancel func()) (_ io.Reader, complete bool) {
	s := &source{world: p.world}
	p.sent = nil
	completed := map[int]bool{}
	complete = true
	for n, e := range p.job.Script {
		if planned.End != "" && n == planned.At {
			switch planned.End {
			case "cancel":
				s.steps = append(s.steps, cancel)
				complete = false
			case "broken":
				s.say(broken)
				return s, false
			case "eof":
				return s, false
			}
		}
		if e.Stream >= 0 && n < p.pos[e.Stream] || e.Stream < 0 && n < p.pos[0] && p.history.Global {
			continue
		}
		p.sent = append(p.sent, n)
		switch e.What {
		case aNothing:
		case aPause:
			s.steps = append(s.steps, func() { p.wait(90 * time.Second) })
		case aComplete:
			completed[e.Stream] = true
			fallthrough
		default:
			s.say(p.history.line(e, n))
		}
	}
	for i := range p.history.Kinds {
		// A stream that was complete in the attempt before says so again.
		if !completed[i] && !p.history.Silent {
			s.say(p.history.line(event{Stream: i, What: aComplete}, 0))
		}
	}
	if planned.End != "" && planned.At == len(p.job.Script) {
		complete = planned.End != "cancel" // anything else is the end as it should be
		if !complete {
			s.steps = append(s.steps, cancel)
		}
	}
	return s, complete
}

// resume notes how far the attempt got, and moves the sources there.
func (p *play) resume(r result) {
	acked := make([]int, len(p.history.Kinds))
	for i := range acked {
		acked[i] = p.pos[i]
	}
	end := 0
	if len(p.sent) > 0 {
		end = p.sent[len(p.sent)-1] + 1
	}
	for _, s := range r.states {
		for i := range p.history.Kinds {
			if of := p.job.Script[s.Number].Stream; of == i || of < 0 {
				acked[i] = s.Number
			}
		}
	}
	for i := range p.history.Kinds {
		seen := stretch{from: p.pos[i], acked: acked[i], end: max(end, p.pos[i])}
		if r.err == nil {
			seen.acked = seen.end
		}
		p.seen[i] = append(p.seen[i], seen)
		if p.job.Streams[i].Resumable {
			p.pos[i] = acked[i]
		}
	}
}

// state looks at the collection at the moment at which a state comes back.
func (p *play) state(s state) {
	if p.err == nil {
		if err := p.checkState(s); err != nil {
			p.err = fmt.Errorf("at state %d: %w", s.Number, err)
		}
	}
}

func (p *play) checkState(s state) error {
	of := p.job.Script[s.Number].Stream
	records, rejected := 0, 0
	var states []int
	for _, n := range p.sent {
		e := p.job.Script[n]
		if e.What == aState {
			states = append(states, n)
		}
		switch {
		case n >= s.Number || e.Stream >= 0 && of >= 0 && e.Stream != of:
		case e.refused():
			rejected++
		case e.What == aRecord || e.What == aDeletion:
			records++
		case e.What == aState:
			records, rejected = 0, 0
		}
	}
	if p.printed >= len(states) || states[p.printed] != s.Number {
		return fmt.Errorf("it is not the next one of %v", states)
	}
	p.printed++
	// One that is refused counts as received when a newer version took its place before it was sent.
	if n := int(s.Stats.Rejected); n > rejected || int(s.Stats.Records)+n != records+rejected {
		return fmt.Errorf("recordCount is %v and rejectedRecordCount %v instead of %d and %d",
			s.Stats.Records, s.Stats.Rejected, records, rejected)
	}
	got, err := p.count(true)
	if err != nil {
		return err
	}
	end := p.sent[len(p.sent)-1] + 1
	for i := range p.history.Kinds {
		if err := p.reference.checkState(p.job, i, p.pos[i], s.Number, end, got[i]); err != nil {
			return fmt.Errorf("stream %d: %w", i, err)
		}
	}
	return nil
}

// count counts the documents by stream; of replacing streams only those of the
// current generation when that is asked for.
func (p *play) count(current bool) ([]documentCounts, error) {
	all, err := p.dump()
	if err != nil {
		return nil, err
	}
	got := make([]documentCounts, len(p.history.Kinds))
	index := map[string]int{}
	for i := range got {
		got[i] = documentCounts{}
		index[streamName(i)] = i
	}
	for _, d := range all {
		i, known := index[d.Stream]
		if !known {
			return nil, fmt.Errorf("a document of stream %q", d.Stream)
		}
		s := p.job.Streams[i]
		generation := s.Generation
		if !p.history.Numbered {
			generation = -int64(p.number) // of the job
		}
		if current && s.Replacing && (d.Generation == nil || *d.Generation != generation) {
			continue
		}
		got[i][d.said()]++
	}
	return got, nil
}

// finish compares the collection with what the job must have made of it.
func (p *play) finish() error {
	for _, n := range p.networks {
		n.wait()
	}
	p.wait(10 * time.Minute) // what a source still says, nobody hears
	got, err := p.count(false)
	if err != nil {
		return err
	}
	for i := range p.history.Kinds {
		if p.keptForLackOfInput(i) {
			if err := p.reference.checkKept(i, got[i]); err != nil {
				return fmt.Errorf("stream %d: the input was empty: %w", i, err)
			}
			continue
		}
		if err := p.reference.checkEnd(p.job, i, p.seen[i], got[i]); err != nil {
			return fmt.Errorf("stream %d: %w", i, err)
		}
	}
	p.reference.finish(p.job, got)
	return nil
}

// keptForLackOfInput: an overwrite of a source without statuses that sends nothing of a
// stream, or records of it behind its last state, replaces nothing.
func (p *play) keptForLackOfInput(stream int) bool {
	if !p.history.Silent || p.history.Kinds[stream] != overwriting {
		return false
	}
	covered := false
	for _, n := range p.sent {
		if e := p.job.Script[n]; e.Stream == stream {
			covered = e.What == aState
		}
	}
	return !covered
}

// distinctTexts is how many different chunks the attempt sent.
func (p *play) distinctTexts() int {
	texts := map[string]bool{}
	for _, n := range p.sent {
		if e := p.job.Script[n]; e.What == aRecord {
			for _, piece := range p.reference.splitter.Split("text: " + sourceTexts()[e.Text] + "\n") {
				texts[piece] = true
			}
		}
	}
	return len(texts)
}

// source is an input that does things between lines.
type source struct {
	world *world
	steps []func()
	rest  []byte
}

func (s *source) say(line string) {
	s.steps = append(s.steps, func() { s.rest = []byte(line + "\n") })
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if len(s.steps) == 0 {
			return 0, io.EOF
		}
		s.steps[0]()
		s.steps = s.steps[1:]
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
