package reading

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/failure"
	"destination-astra/protocol"
)

// State says where a read goes on, by stream. Nil reads everything.
type State map[protocol.StreamDescriptor]readPosition

// readPosition is the stream_state of a read's states: the page that is being read and
// how many of its documents were printed. The last of them is in it too, for a page that
// has changed since.
type readPosition struct {
	Collection string          `json:"collection"`
	Stream     string          `json:"stream"` // _ab_stream
	PageState  string          `json:"page_state,omitempty"`
	Position   int             `json:"position,omitempty"`
	LastID     json.RawMessage `json:"last_id,omitempty"`
	Records    int64           `json:"records"` // printed so far, over all attempts
	Done       bool            `json:"done,omitempty"`
}

// skip is how many of the page's documents were printed already. When the page has
// changed and the last printed one is gone, it is printed from its start: a document
// twice is better than one never.
func (p *readPosition) skip(docs []clients.Fields) int {
	if p.Position == 0 {
		return 0
	}
	if p.Position <= len(docs) && sameText(docs[p.Position-1][document.FieldID], p.LastID) {
		return p.Position
	}
	for i, d := range docs {
		if sameText(d[document.FieldID], p.LastID) {
			return i + 1
		}
	}
	return 0
}

// sameText compares two JSON texts but for white space.
func sameText(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// state is the position as a STATE message; records is how many were printed since the
// last one.
func (p *readPosition) state(s protocol.StreamDescriptor, records int64) (*protocol.State, error) {
	type stream struct {
		Descriptor protocol.StreamDescriptor `json:"stream_descriptor"`
		State      *readPosition             `json:"stream_state"`
	}
	raw, err := json.Marshal(struct {
		Type        protocol.StateType `json:"type"`
		Stream      stream             `json:"stream"`
		SourceStats map[string]any     `json:"sourceStats"`
	}{protocol.StateStream, stream{s, p}, map[string]any{"recordCount": json.Number(fmt.Sprintf("%d.0", records))}})
	if err != nil {
		return nil, fmt.Errorf("state of stream %q: %w", s, err)
	}
	return &protocol.State{Type: protocol.StateStream, Stream: s, Raw: raw}, nil
}

// ParseState reads the file of --state: states of an earlier read, as an array, as
// the platform passes them, or one after the other, bare or as the STATE messages that
// read printed. Of several of one stream the last counts. Other messages are passed over.
func ParseState(data []byte) (State, error) {
	state := State{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return state, nil
		}
		if err == nil {
			err = state.add(value)
		}
		if err != nil {
			return nil, &failure.ConfigError{Reason: "the file of --state is not one that read can resume from", Err: err}
		}
	}
}

// add takes one value of the file, whatever of its forms it has.
func (s State) add(value json.RawMessage) error {
	if bytes.TrimSpace(value)[0] == '[' {
		var all []json.RawMessage
		if err := json.Unmarshal(value, &all); err != nil {
			return err
		}
		for _, one := range all {
			if err := s.add(one); err != nil {
				return err
			}
		}
		return nil
	}
	var m struct {
		Type   string
		State  json.RawMessage
		Stream *struct {
			Descriptor protocol.StreamDescriptor `json:"stream_descriptor"`
			State      *readPosition             `json:"stream_state"`
		}
	}
	if err := json.Unmarshal(value, &m); err != nil {
		return err
	}
	switch {
	case m.Type == protocol.TypeState && m.State != nil:
		return s.add(m.State)
	case m.Type == string(protocol.StateStream) && m.Stream != nil:
		if m.Stream.State != nil {
			s[m.Stream.Descriptor] = *m.Stream.State
		}
	case m.Type == string(protocol.StateGlobal), m.Type == string(protocol.StateLegacy),
		m.Type == "" && m.Stream != nil:
		return fmt.Errorf("a state of type %q: read prints states of type %s", m.Type, protocol.StateStream)
	}
	return nil
}
