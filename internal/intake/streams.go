package intake

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"destination-astra/document"
	"destination-astra/internal/failure"
	"destination-astra/protocol"
)

// Stream is one configured stream as the pipeline sees it.
type Stream struct {
	document.Stream

	// Replacing: what is of another generation goes when the stream is finalised. GenerationID is
	// set then, and Attempt where a second attempt starts from zero.
	Replacing bool
	// Numbered: the caller numbers its generations, so that they have an order.
	Numbered bool
	// Overwrite: the destination_sync_mode is overwrite on the wire.
	Overwrite bool

	// Fresh: the collection held no document of the stream at the start, so
	// nothing of it needs to be read before it is written.
	Fresh bool
	// Completed: STREAM_STATUS COMPLETE came. Any status at all is kept in run.
	Completed bool
	seen      seen
}

// Streams are the configured streams by descriptor, in the catalog's order.
type Streams struct {
	List     []*Stream
	byName   map[protocol.StreamDescriptor]*Stream
	Numbered bool // any stream of the catalog is numbered
	// endDecides: the end of the input may complete a stream.
	endDecides bool
}

// CallFacts is what the caller's environment says about this attempt.
type CallFacts struct {
	JobID   string // WORKER_JOB_ID; empty outside the platform
	Started time.Time
	Nonce   string // of this attempt
}

// NewStreams decides, per configured stream, what a record's identity is and
// whether the stream replaces what was there (ADR 0007). It refuses two
// streams that would share one _ab_stream.
func NewStreams(catalog *protocol.Catalog, facts CallFacts, log *slog.Logger) (*Streams, error) {
	all := &Streams{byName: map[protocol.StreamDescriptor]*Stream{}}
	names := map[string]protocol.StreamDescriptor{}
	warned := false
	for i := range catalog.Streams {
		configured := &catalog.Streams[i]
		s, err := newStream(configured, facts)
		if err != nil {
			return nil, err
		}
		if configured.GenerationID != nil && !s.Numbered && !warned {
			warned = true
			log.Warn("the catalog's generations are constants: treating the catalog as one that numbers no generations",
				"stream", s.Descriptor, "generation_id", *configured.GenerationID)
		}
		if configured.DestinationSyncMode == protocol.AppendDedup && !s.Dedup {
			log.Warn("destination_sync_mode is append_dedup, but primary_key is empty: records are appended",
				"stream", s.Descriptor)
		}
		descriptor := s.Descriptor
		if other, taken := names[s.Name()]; taken {
			return nil, &failure.ConfigError{Reason: fmt.Sprintf(
				"the streams %q and %q would both be stored as _ab_stream %q: "+
					"rename one of them or sync them into separate collections",
				other, descriptor, s.Name())}
		}
		names[s.Name()] = descriptor
		all.List = append(all.List, s)
		all.byName[descriptor] = s
		all.Numbered = all.Numbered || s.Numbered
		all.endDecides = all.endDecides || s.Overwrite && !s.Numbered
	}
	return all, nil
}

func newStream(c *protocol.ConfiguredStream, facts CallFacts) (*Stream, error) {
	s := &Stream{
		Stream:    document.Stream{Descriptor: c.Stream.Descriptor(), PrimaryKey: c.PrimaryKey},
		Overwrite: c.DestinationSyncMode == protocol.Overwrite,
		Numbered:  isNumbered(c, facts),
	}
	switch c.DestinationSyncMode {
	case protocol.Append, protocol.Overwrite:
	case protocol.AppendDedup:
		s.Dedup = len(c.PrimaryKey) > 0
	default:
		return nil, &failure.ConfigError{Stream: &s.Descriptor, Reason: fmt.Sprintf(
			"stream %q: destination_sync_mode %q is not supported: use append, overwrite or append_dedup",
			s.Descriptor, c.DestinationSyncMode)}
	}
	s.number(c, facts)
	s.Identity = identityOf(s)
	s.SyncID = SyncID(c, facts)
	s.Nonce = facts.Nonce
	if s.Replacing && !isResumable(c) {
		s.Attempt = facts.Nonce
	}
	return s, nil
}

// number sets the stream's generation and whether it replaces older ones.
func (s *Stream) number(c *protocol.ConfiguredStream, facts CallFacts) {
	switch {
	case s.Numbered:
		s.GenerationID = c.GenerationID
		replaces := c.MinimumGenerationID != nil && *c.MinimumGenerationID == *c.GenerationID && *c.GenerationID > 0
		s.Replacing = s.Overwrite || replaces
	case s.Overwrite:
		own := facts.generation()
		s.GenerationID = &own
		s.Replacing = true
	}
}

// generation is that of an overwrite which its caller does not number: a negative
// number, which no caller's counter reaches, and the same one for all attempts of a
// job where the job has a number (ADR 0018). It orders nothing.
func (f CallFacts) generation() int64 {
	if job, ok := f.job(); ok {
		return -job
	}
	return -f.Started.UnixMilli()
}

// job is the number of the platform's job, if there is one.
func (f CallFacts) job() (int64, bool) {
	id, err := strconv.ParseInt(strings.TrimSpace(f.JobID), 10, 64)
	return id, err == nil && id > 0
}

// isNumbered reports whether the caller counts generations. Two constants look like
// a count and are none: PyAirbyte's, and a wire overwrite of generation 0, which no
// sync that replaces something has.
func isNumbered(c *protocol.ConfiguredStream, facts CallFacts) bool {
	switch {
	case c.GenerationID == nil:
		return false
	case *c.GenerationID == 0 && c.DestinationSyncMode == protocol.Overwrite:
		return false
	}
	return facts.JobID != "" || !isPyAirbyte(c)
}

func identityOf(s *Stream) document.Identity {
	switch {
	case s.Dedup:
		return document.IdentityKey
	case s.Replacing:
		return document.IdentityContent
	default:
		return document.IdentityRecord
	}
}

// isPyAirbyte reports the triple (1, 1, 1), with which PyAirbyte numbers
// everything.
func isPyAirbyte(c *protocol.ConfiguredStream) bool {
	is1 := func(v *int64) bool { return v != nil && *v == 1 }
	return is1(c.GenerationID) && is1(c.MinimumGenerationID) && is1(c.SyncID)
}

// isResumable reports whether a second attempt of the job may go on from a
// state of the first one. Incremental streams always may.
func isResumable(c *protocol.ConfiguredStream) bool {
	if c.SyncMode == protocol.Incremental {
		return true
	}
	return c.Stream.IsResumable != nil && *c.Stream.IsResumable
}

// SyncID is the sync's own number, else the job's, else the start time. 0 is what
// callers send that have none.
func SyncID(c *protocol.ConfiguredStream, facts CallFacts) int64 {
	if c.SyncID != nil && *c.SyncID != 0 && !(isPyAirbyte(c) && facts.JobID == "") {
		return *c.SyncID
	}
	if id, ok := facts.job(); ok {
		return id
	}
	return facts.Started.UnixMilli()
}
