package protocol

import "encoding/json"

// The values of Message.Type: the message types a [Reader] returns.
const (
	TypeRecord = "RECORD"
	TypeState  = "STATE"
	TypeTrace  = "TRACE"
)

// StreamDescriptor names a stream. It is comparable and meant as a map key. An absent, a null
// and an empty namespace are the same: "".
type StreamDescriptor struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String returns "namespace.name", or "name" without a namespace. It is for messages to people
// only: two descriptors may have the same text.
func (d StreamDescriptor) String() string {
	if d.Namespace == "" {
		return d.Name
	}
	return d.Namespace + "." + d.Name
}

// Message is one line of input. Exactly one of Record, State and Status is set, and Type
// (TypeRecord, TypeState, TypeTrace) says which.
type Message struct {
	Type   string
	Record *Record
	State  *State
	Status *StreamStatus
	Line   int64 // counted from 1, blank and skipped lines included
}

// Record is an AirbyteRecordMessage.
type Record struct {
	Stream StreamDescriptor
	// Data is the text of a valid JSON object in valid UTF-8, exactly as it arrived (escapes
	// of lone surrogates and duplicate members included). The record owns the bytes.
	Data      json.RawMessage
	EmittedAt int64    // milliseconds since 1970; 0 when the source did not say
	Changes   []Change // meta.changes: what was done to Data on its way here
}

// Change says that a field of a record was changed on its way (AirbyteRecordMessageMetaChange).
type Change struct {
	Field  string `json:"field"`
	Change string `json:"change"` // NULLED or TRUNCATED
	Reason string `json:"reason"` // such as SOURCE_FIELD_SIZE_LIMITATION
}

// StateType says what a state covers (AirbyteStateType).
type StateType string

// The state types of the protocol. A state without a type is of type LEGACY.
const (
	StateStream StateType = "STREAM"
	StateGlobal StateType = "GLOBAL"
	StateLegacy StateType = "LEGACY"
)

// State is an AirbyteStateMessage: a black box that goes back to the platform once everything
// before it is stored.
type State struct {
	Type   StateType        // StateLegacy also when the type is absent; Raw stays as it is
	Stream StreamDescriptor // of a StateStream; zero otherwise
	Raw    json.RawMessage  // the `state` object byte for byte; the state owns the bytes
}

// The stream statuses of the protocol (AirbyteStreamStatus).
const (
	StatusStarted    = "STARTED"
	StatusRunning    = "RUNNING"
	StatusComplete   = "COMPLETE"
	StatusIncomplete = "INCOMPLETE"
)

// StreamStatus is the STREAM_STATUS of a trace. COMPLETE is the only permission to delete
// older generations of a stream.
type StreamStatus struct {
	Stream StreamDescriptor
	Status string // one of the Status constants
}
