package protocol

import "destination-astra/internal/jsonscan"

// lookup returns the value of a member of a valid JSON object; nil when object is not an
// object or has no such member.
func lookup(object []byte, name string) (value []byte) {
	if !isObject(object) {
		return nil
	}
	s := jsonscan.New(object)
	_ = s.Object(func(member []byte) error { // it is valid
		found, err := s.Value()
		if string(member) == name {
			value = found
		}
		return err
	})
	return value
}

func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }
func isString(value []byte) bool { return len(value) > 0 && value[0] == '"' }

// isAbsent reports whether a member is missing or null, which mean the same in the protocol.
func isAbsent(value []byte) bool { return len(value) == 0 || string(value) == "null" }
