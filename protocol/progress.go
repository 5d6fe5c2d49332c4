package protocol

import "fmt"

// Estimate is an AirbyteEstimateTraceMessage of type STREAM: how much of a stream a
// read is going to print, in all.
type Estimate struct {
	Stream StreamDescriptor
	Rows   int64 // records
	Bytes  int64 // of their data as JSON; 0 leaves it out
}

// StreamStatus prints a STREAM_STATUS trace. Only a source may say COMPLETE or
// INCOMPLETE: the platform takes them for the source's whoever prints them.
func (w *Writer) StreamStatus(s StreamStatus) error {
	switch s.Status {
	case StatusStarted, StatusRunning, StatusComplete, StatusIncomplete:
	default:
		return fmt.Errorf("protocol: write STREAM_STATUS: unknown status %q", s.Status)
	}
	return w.progress(progressBody{
		Type: "STREAM_STATUS", StreamStatus: &streamStatusBody{Stream: s.Stream, Status: s.Status}})
}

// Estimate prints an ESTIMATE trace. Later ones for the same stream replace it.
func (w *Writer) Estimate(e Estimate) error {
	return w.progress(progressBody{Type: "ESTIMATE", Estimate: &estimateBody{
		Name: e.Stream.Name, Namespace: e.Stream.Namespace, Type: "STREAM", Rows: e.Rows, Bytes: e.Bytes}})
}

// progressBody is an AirbyteTraceMessage of a type that only a source prints.
type progressBody struct {
	Type         string            `json:"type"`
	EmittedAt    double            `json:"emitted_at"`
	StreamStatus *streamStatusBody `json:"stream_status,omitempty"`
	Estimate     *estimateBody     `json:"estimate,omitempty"`
}

type streamStatusBody struct {
	Stream StreamDescriptor `json:"stream_descriptor"`
	Status string           `json:"status"`
}

type estimateBody struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	Type      string `json:"type"`
	Rows      int64  `json:"row_estimate"`
	Bytes     int64  `json:"byte_estimate,omitempty"`
}

func (w *Writer) progress(b progressBody) error {
	b.EmittedAt = double(w.milliseconds())
	text, err := encode(struct {
		Type  string       `json:"type"`
		Trace progressBody `json:"trace"`
	}{TypeTrace, b})
	if err != nil {
		return fmt.Errorf("protocol: write %s: %w", b.Type, err)
	}
	return w.writeLine(TypeTrace, text)
}
