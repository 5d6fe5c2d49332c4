package connector

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/protocol"
)

// stream is one configured stream as the pipeline sees it.
type stream struct {
	document.Stream

	replacing bool // what is of another generation goes when the stream is finalised
	numbered  bool // the caller numbers its generations
	overwrite bool // destination_sync_mode overwrite on the wire

	// fresh: the collection held no document of the stream at the start, so
	// nothing of it needs to be read before it is written.
	fresh bool
	// completed: STREAM_STATUS COMPLETE came. Any status at all is kept in run.
	completed bool
	seen      seen
}

// streams are the configured streams by descriptor, in the catalog's order.
type streams struct {
	list     []*stream
	byName   map[protocol.StreamDescriptor]*stream
	numbered bool // any stream of the catalog is numbered
	// endDecides: the end of the input may complete a stream.
	endDecides bool
}

// callFacts is what the caller's environment says about this attempt.
type callFacts struct {
	jobID   string // WORKER_JOB_ID; empty outside the platform
	started time.Time
	nonce   string // of this attempt
}

// newStreams decides, per configured stream, what a record's identity is and
// whether the stream replaces what was there (ADR 0007). It refuses two
// streams that would share one _ab_stream.
func newStreams(catalog *protocol.Catalog, facts callFacts, log *slog.Logger) (*streams, error) {
	all := &streams{byName: map[protocol.StreamDescriptor]*stream{}}
	names := map[string]protocol.StreamDescriptor{}
	warned := false
	for i := range catalog.Streams {
		configured := &catalog.Streams[i]
		s, err := newStream(configured, facts)
		if err != nil {
			return nil, err
		}
		if configured.GenerationID != nil && !s.numbered && !warned {
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
			return nil, &clients.ConfigError{Reason: fmt.Sprintf(
				"the streams %q and %q would both be stored as _ab_stream %q: "+
					"rename one of them or sync them into separate collections",
				other, descriptor, s.Name())}
		}
		names[s.Name()] = descriptor
		all.list = append(all.list, s)
		all.byName[descriptor] = s
		all.numbered = all.numbered || s.numbered
		all.endDecides = all.endDecides || s.overwrite && !s.numbered
	}
	return all, nil
}

func newStream(c *protocol.ConfiguredStream, facts callFacts) (*stream, error) {
	s := &stream{
		Stream:    document.Stream{Descriptor: c.Stream.Descriptor(), PrimaryKey: c.PrimaryKey},
		overwrite: c.DestinationSyncMode == protocol.Overwrite,
		numbered:  isNumbered(c, facts),
	}
	switch c.DestinationSyncMode {
	case protocol.Append, protocol.Overwrite:
	case protocol.AppendDedup:
		s.Dedup = len(c.PrimaryKey) > 0
	default:
		return nil, &clients.ConfigError{Stream: &s.Descriptor, Reason: fmt.Sprintf(
			"stream %q: destination_sync_mode %q is not supported: use append, overwrite or append_dedup",
			s.Descriptor, c.DestinationSyncMode)}
	}
	s.number(c, facts)
	s.Identity = identityOf(s)
	s.SyncID = syncID(c, facts)
	s.Nonce = facts.nonce
	if s.replacing && !isResumable(c) {
		s.Attempt = facts.nonce
	}
	return s, nil
}

// number sets the stream's generation and whether it replaces older ones.
func (s *stream) number(c *protocol.ConfiguredStream, facts callFacts) {
	switch {
	case s.numbered:
		s.GenerationID = c.GenerationID
		replaces := c.MinimumGenerationID != nil && *c.MinimumGenerationID == *c.GenerationID && *c.GenerationID > 0
		s.replacing = s.overwrite || replaces
	case s.overwrite:
		own := facts.generation()
		s.GenerationID = &own
		s.replacing = true
	}
}

// generation is that of an overwrite which its caller does not number: a negative
// number, which no caller's counter reaches, and the same one for all attempts of a
// job where the job has a number (ADR 0018). It orders nothing.
func (f callFacts) generation() int64 {
	if job, ok := f.job(); ok {
		return -job
	}
	return -f.started.UnixMilli()
}

// job is the number of the platform's job, if there is one.
func (f callFacts) job() (int64, bool) {
	id, err := strconv.ParseInt(strings.TrimSpace(f.jobID), 10, 64)
	return id, err == nil && id > 0
}

// isNumbered reports whether the caller counts generations. Two constants look like
// a count and are none: PyAirbyte's, and a wire overwrite of generation 0, which no
// sync that replaces something has.
func isNumbered(c *protocol.ConfiguredStream, facts callFacts) bool {
	switch {
	case c.GenerationID == nil:
		return false
	case *c.GenerationID == 0 && c.DestinationSyncMode == protocol.Overwrite:
		return false
	}
	return facts.jobID != "" || !isPyAirbyte(c)
}

func identityOf(s *stream) document.Identity {
	switch {
	case s.Dedup:
		return document.IdentityKey
	case s.replacing:
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

// syncID is the sync's own number, else the job's, else the start time. 0 is what
// callers send that have none.
func syncID(c *protocol.ConfiguredStream, facts callFacts) int64 {
	if c.SyncID != nil && *c.SyncID != 0 && !(isPyAirbyte(c) && facts.jobID == "") {
		return *c.SyncID
	}
	if id, ok := facts.job(); ok {
		return id
	}
	return facts.started.UnixMilli()
}
