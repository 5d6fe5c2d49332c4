package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// ErrStdoutClosed is what every error of a failed write wraps, beside its cause: whoever reads
// our messages is gone or no longer reliable, so nothing more is written.
var ErrStdoutClosed = errors.New("stdout closed")

// Level is the level of a LOG message.
type Level string

// The log levels of the protocol.
const (
	LogFatal Level = "FATAL"
	LogError Level = "ERROR"
	LogWarn  Level = "WARN"
	LogInfo  Level = "INFO"
	LogDebug Level = "DEBUG"
	LogTrace Level = "TRACE"
)

// FailureType says whose fault an error is. The platform takes an absent one for a
// system_error.
type FailureType string

// The failure types of the protocol.
const (
	ConfigError    FailureType = "config_error"    // the user can mend it
	TransientError FailureType = "transient_error" // a later attempt may work
	SystemError    FailureType = "system_error"    // anything else
)

// ErrorTrace is an AirbyteErrorTraceMessage.
type ErrorTrace struct {
	Message         string // for the user: what is wrong, which setting, what to do
	InternalMessage string // for us; may be empty
	StackTrace      string // may be empty
	FailureType     FailureType
	Stream          *StreamDescriptor // nil when the error is not of one stream
}

// Writer prints messages, one line and one Write each. It is safe for concurrent use. The first
// failed write is final: that call and every later one return an error that wraps
// ErrStdoutClosed and the cause. A message that cannot be encoded is an error of its call only.
type Writer struct {
	// Now gives emitted_at; nil means time.Now. It is set before the first use.
	Now func() time.Time

	mu   sync.Mutex
	out  io.Writer
	hide func(text []byte) []byte // nil hides nothing
	err  error
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{out: w} }

// Hide makes hide take the secrets out of every later message's JSON but that of RECORD and
// STATE, which are data and go out as they are, and of SPEC.
func (w *Writer) Hide(hide func(text []byte) []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hide = hide
}

// State sends a state back: its Raw byte for byte, with destinationStats set to stats (left as
// it is when stats is nil). Only line breaks between tokens become spaces.
func (w *Writer) State(s *State, stats *DestinationStats) error {
	patched, err := patchStats(s.Raw, stats)
	if err != nil {
		return fmt.Errorf("protocol: write STATE: %w", err)
	}
	text := append([]byte(`{"type":"STATE","state":`), oneLine(patched)...)
	return w.writeLine(TypeState, append(text, '}'))
}

// Log prints a LOG message; stackTrace may be empty. An unknown level is printed as INFO.
func (w *Writer) Log(level Level, message, stackTrace string) error {
	switch level {
	case LogFatal, LogError, LogWarn, LogInfo, LogDebug, LogTrace:
	default:
		level = LogInfo
	}
	return w.write(outgoing{Type: "LOG", Log: &logBody{level, message, stackTrace}})
}

// ConnectionStatus prints the outcome of a check, SUCCEEDED or FAILED. The platform takes the
// first one only.
func (w *Writer) ConnectionStatus(ok bool, message string) error {
	body := &statusBody{Status: "SUCCEEDED", Message: message}
	if !ok {
		body.Status = "FAILED"
	}
	return w.write(outgoing{Type: "CONNECTION_STATUS", ConnectionStatus: body})
}

// Spec prints a ConnectorSpecification, which must be a JSON object.
func (w *Writer) Spec(spec json.RawMessage) error {
	if err := checkObject("spec", spec); err != nil {
		return fmt.Errorf("protocol: write SPEC: %w", err)
	}
	return w.write(outgoing{Type: typeSpec, Spec: spec})
}

// TraceError prints an error trace. An absent failure type is printed as system_error.
func (w *Writer) TraceError(e ErrorTrace) error {
	if e.FailureType == "" {
		e.FailureType = SystemError
	}
	return w.write(outgoing{Type: TypeTrace, Trace: &traceBody{
		Type:      "ERROR",
		EmittedAt: double(w.milliseconds()),
		Error:     errorBody(e),
	}})
}

// Record prints a RECORD message. Its Data must be a JSON object; white space in it may be
// dropped. An EmittedAt of 0 means now.
func (w *Writer) Record(r *Record) error {
	if err := checkObject("data", r.Data); err != nil {
		return fmt.Errorf("protocol: write RECORD: %w", err)
	}
	body := &recordBody{StreamName: r.Stream.Name, Namespace: r.Stream.Namespace,
		Data: r.Data, EmittedAt: r.EmittedAt}
	if body.EmittedAt == 0 {
		body.EmittedAt = w.milliseconds()
	}
	if len(r.Changes) > 0 {
		body.Meta = &metaBody{r.Changes}
	}
	return w.write(outgoing{Type: TypeRecord, Record: body})
}

// Catalog prints the CATALOG of a discover. A stream without JSONSchema gets {}, one without
// SupportedSyncModes gets full_refresh, since the protocol requires both.
func (w *Writer) Catalog(streams []Stream) error {
	body := &catalogBody{Streams: make([]Stream, len(streams))}
	for i, s := range streams {
		if len(s.JSONSchema) == 0 {
			s.JSONSchema = json.RawMessage(`{}`)
		}
		if len(s.SupportedSyncModes) == 0 {
			s.SupportedSyncModes = []SyncMode{FullRefresh}
		}
		body.Streams[i] = s
	}
	return w.write(outgoing{Type: "CATALOG", Catalog: body})
}

// milliseconds returns the time for emitted_at.
func (w *Writer) milliseconds() int64 {
	if w.Now == nil {
		return time.Now().UnixMilli()
	}
	return w.Now().UnixMilli()
}

// write encodes a message and prints it.
func (w *Writer) write(m outgoing) error {
	text, err := encode(m)
	if err != nil {
		return fmt.Errorf("protocol: write %s: %w", m.Type, err)
	}
	return w.writeLine(m.Type, text)
}

// writeLine adds the newline and prints the line in one Write, so that lines never mix.
func (w *Writer) writeLine(typ string, text []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if w.hide != nil && typ != TypeRecord && typ != TypeState && typ != typeSpec {
		text = w.hide(text)
	}
	text = append(text, '\n')
	// Also after half a line: another line behind it would be read as part of it.
	n, err := w.out.Write(text)
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	if err != nil {
		w.err = fmt.Errorf("protocol: write %s: %w: %w", typ, ErrStdoutClosed, err)
	}
	return w.err
}

// encode is json.Marshal without the escaping of <, > and &, which only browsers need.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), nil
}

// checkObject refuses what would break the line that raw becomes a part of.
func checkObject(name string, raw []byte) error {
	if _, _, _, err := locateStats(raw); err != nil {
		return fmt.Errorf("%s is %w", name, err)
	}
	return nil
}
