package failure

import (
	"context"
	"errors"
	"fmt"

	"destination-astra/protocol"
)

// ErrInterrupted is returned by [Connector.Write] when its context ended before
// its input did. What was stored by then is acknowledged.
var ErrInterrupted = errors.New("write: interrupted before the end of the input")

// Interruption makes every error of an interrupted run say so: what fails
// while it winds down fails because of that.
func Interruption(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || errors.Is(err, ErrInterrupted) {
		return err
	}
	return errors.Join(ErrInterrupted, err)
}

// ConfigError is a fault that only a change of the configuration, of the
// catalog or of the collection can mend. Reason is a sentence for the user: it
// names the setting and what to do.
type ConfigError struct {
	Reason string
	Stream *protocol.StreamDescriptor // nil when it concerns no single stream
	Err    error                      // the cause, when there is one
}

// Error returns the reason, and the cause behind it.
func (e *ConfigError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return fmt.Sprintf("%s: %v", e.Reason, e.Err)
}

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// StaleJobError says that the collection holds documents of a newer generation
// than this sync writes: a newer job has taken the stream over.
type StaleJobError struct {
	Stream     protocol.StreamDescriptor
	Generation int64 // of this sync
	Newer      int64 // found in the collection
	// Mark is the _id of the mark of a sync of the newer generation, when that was found and not
	// a document of the stream: the sync runs, or was killed.
	Mark string
}

// Error names both generations.
func (e *StaleJobError) Error() string {
	if e.Mark != "" {
		return fmt.Sprintf("stream %q: a sync of generation %d, newer than this sync's %d, writes it",
			e.Stream, e.Newer, e.Generation)
	}
	return fmt.Sprintf("stream %q: the collection holds documents of generation %d, newer than this sync's %d",
		e.Stream, e.Newer, e.Generation)
}

// TakenOverError says that another attempt has begun to write the stream while this one ran.
type TakenOverError struct {
	Stream protocol.StreamDescriptor
}

// Error names the stream.
func (e *TakenOverError) Error() string {
	return fmt.Sprintf("stream %q: another sync of the stream has begun, or the collection was emptied, "+
		"while this one ran", e.Stream)
}

// BackendError says that the database behind the Data API lacks something without
// which no sync can work.
type BackendError struct {
	Missing string // continues a sentence that begins with the database
	Err     error  // the Data API's refusal
}

// Error says what is missing and what the Data API answered.
func (e *BackendError) Error() string {
	return fmt.Sprintf("the database behind the Data API %s: %v", e.Missing, e.Err)
}

// Unwrap returns the refusal.
func (e *BackendError) Unwrap() error { return e.Err }

// NoVectorize is what is said of a Data API that embeds nothing.
const NoVectorize = "This Data API does not embed texts itself ($vectorize is not available there). " +
	"Choose another embedding.mode than astra_vectorize, or a Data API that embeds"
