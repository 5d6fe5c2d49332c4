package protocol

import "strings"

// claimEither is the type of a line that was cut before it said which of the two it is.
const claimEither = TypeRecord + " or " + TypeState

// claimedType returns what a line that is not valid JSON starts as: TypeRecord, TypeState,
// claimEither, or "" for any other text. It looks at the members at its start: the first of `type`, `record` and
// `state` decides. With truncated (the line was cut by the end of input) a beginning that
// leaves open what the line would have become counts as a claim too; in the middle of the
// input it does not, since a lone brace is a usual line of a log.
func claimedType(text []byte, truncated bool) string {
	s := scanner{data: text}
	if s.peek() != '{' {
		return ""
	}
	s.pos++
	for {
		s.peek()
		rest := text[s.pos:]
		key, ok := s.key()
		switch name := keyName(key); {
		case key == nil && truncated && beginsKey(rest):
			return claimEither
		case key == nil:
			return ""
		case name == "record":
			return TypeRecord
		case name == "state":
			return TypeState
		case name == "type":
			s.fault = ""
			// Even without its colon: what follows may still be the type.
			return claimedByType(&s, truncated)
		case !ok || !s.skip() || s.peek() != ',':
			return ""
		}
		s.pos++
	}
}

// keyName returns the decoded name of a key token, "" for none.
func keyName(token []byte) string {
	if token == nil {
		return ""
	}
	return string(unquote(token))
}

// claimedByType judges the value of `type`, which may be cut.
func claimedByType(s *scanner, truncated bool) string {
	s.peek()
	start := s.pos
	value := s.data[start:]
	if isString(value) && s.skipString() {
		switch name := keyName(s.data[start:s.pos]); name {
		case TypeRecord, TypeState:
			return name
		}
		return ""
	}
	// The line ends within the value. A quote alone says nothing, half a word says enough.
	begun := string(value)
	switch {
	case begun == "" || begun == `"`:
		if truncated {
			return claimEither
		}
	case strings.HasPrefix(`"`+TypeRecord, begun):
		return TypeRecord
	case strings.HasPrefix(`"`+TypeState, begun):
		return TypeState
	}
	return ""
}

// beginsKey reports whether a cut text can go on as one of the keys that decide.
func beginsKey(rest []byte) bool {
	for _, key := range []string{`"type"`, `"record"`, `"state"`} {
		if len(rest) < len(key) && strings.HasPrefix(key, string(rest)) {
			return true
		}
	}
	return false
}
