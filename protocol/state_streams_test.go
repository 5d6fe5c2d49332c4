package protocol_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

func TestStreamsOfAState(t *testing.T) {
	global := func(entries string) protocol.State {
		return protocol.State{Type: protocol.StateGlobal,
			Raw: json.RawMessage(`{"type":"GLOBAL","global":{"shared_state":{},"stream_states":` + entries + `}}`)}
	}
	users := protocol.StreamDescriptor{Name: "users", Namespace: "public"}
	tests := map[string]struct {
		state protocol.State
		want  []protocol.StreamDescriptor
	}{
		"STREAM":             {protocol.State{Type: protocol.StateStream, Stream: users}, []protocol.StreamDescriptor{users}},
		"LEGACY":             {protocol.State{Type: protocol.StateLegacy, Raw: json.RawMessage(`{"data":{}}`)}, nil},
		"GLOBAL of none":     {global(`[]`), nil},
		"GLOBAL of two":      {global(`[{"stream_descriptor":{"name":"users","namespace":"public"},"stream_state":{}},{"stream_descriptor":{"name":"t","namespace":null}}]`), []protocol.StreamDescriptor{users, {Name: "t"}}},
		"GLOBAL, unreadable": {global(`7`), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, test.state.Streams()) })
	}
}
