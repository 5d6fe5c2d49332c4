package protocol

import "encoding/json"

const typeSpec = "SPEC"

// outgoing is an AirbyteMessage as it is printed; the body named by Type is set. STATE is not
// here: its body is never encoded again.
type outgoing struct {
	Type             string          `json:"type"`
	Log              *logBody        `json:"log,omitempty"`
	Spec             json.RawMessage `json:"spec,omitempty"`
	ConnectionStatus *statusBody     `json:"connectionStatus,omitempty"`
	Catalog          *catalogBody    `json:"catalog,omitempty"`
	Record           *recordBody     `json:"record,omitempty"`
	Trace            *traceBody      `json:"trace,omitempty"`
}

// logBody is an AirbyteLogMessage.
type logBody struct {
	Level      Level  `json:"level"`
	Message    string `json:"message"`
	StackTrace string `json:"stack_trace,omitempty"`
}

// statusBody is an AirbyteConnectionStatus.
type statusBody struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// traceBody is an AirbyteTraceMessage of type ERROR, the only one a destination may print
// without changing what the platform thinks of the source.
type traceBody struct {
	Type      string    `json:"type"`
	EmittedAt double    `json:"emitted_at"` // a number, unlike the integer of a record
	Error     errorBody `json:"error"`
}

// errorBody has the fields of ErrorTrace, with their names on the wire.
type errorBody struct {
	Message         string            `json:"message"`
	InternalMessage string            `json:"internal_message,omitempty"`
	StackTrace      string            `json:"stack_trace,omitempty"`
	FailureType     FailureType       `json:"failure_type"`
	Stream          *StreamDescriptor `json:"stream_descriptor,omitempty"`
}

// recordBody is an AirbyteRecordMessage.
type recordBody struct {
	Namespace  string          `json:"namespace,omitempty"`
	StreamName string          `json:"stream"`
	EmittedAt  int64           `json:"emitted_at"`
	Data       json.RawMessage `json:"data"`
	Meta       *metaBody       `json:"meta,omitempty"`
}

type metaBody struct {
	Changes []Change `json:"changes"`
}

// catalogBody is an AirbyteCatalog.
type catalogBody struct {
	Streams []Stream `json:"streams"`
}
