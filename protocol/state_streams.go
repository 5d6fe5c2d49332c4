package protocol

import "encoding/json"

// Streams are the streams that the state names: the one of a STREAM state, those that a GLOBAL
// state lists, none for LEGACY. An entry that cannot be read is left out.
func (s *State) Streams() []StreamDescriptor {
	switch s.Type {
	case StateStream:
		return []StreamDescriptor{s.Stream}
	case StateGlobal:
	default:
		return nil
	}
	var raw struct {
		Global struct {
			StreamStates []struct {
				Descriptor struct {
					Name      string  `json:"name"`
					Namespace *string `json:"namespace"`
				} `json:"stream_descriptor"`
			} `json:"stream_states"`
		} `json:"global"`
	}
	if json.Unmarshal(s.Raw, &raw) != nil {
		return nil
	}
	var all []StreamDescriptor
	for _, one := range raw.Global.StreamStates {
		d := StreamDescriptor{Name: one.Descriptor.Name}
		if one.Descriptor.Namespace != nil {
			d.Namespace = *one.Descriptor.Namespace
		}
		all = append(all, d)
	}
	return all
}
