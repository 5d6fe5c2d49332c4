package protocol

import (
	"strings"

	"destination-astra/internal/jsonscan"
)

// claimEither is the type of a line that was cut before it said which of the two it is.
const claimEither = TypeRecord + " or " + TypeState

// claimedType returns what a line that is not valid JSON starts as: TypeRecord, TypeState,
// claimEither, or "" for any other text. It looks at the members at its start: the first of `type`, `record` and
// `state` decides. With truncated (the line was cut by the end of input) a beginning that
// leaves open what the line would have become counts as a claim too; in the middle of the
// input it does not, since a lone brace is a usual line of a log.
func claimedType(text []byte, truncated bool) string {
	s := jsonscan.New(text)
	if !s.Accept('{') {
		return ""
	}
	for {
		s.Peek()
		rest := s.Rest()
		key, err := s.Key()
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
			// Even without its colon: what follows may still be the type.
			return claimedByType(s.Rest(), truncated)
		case err != nil || s.Skip() != nil || !s.Accept(','):
			return ""
		}
	}
}

// keyName returns the decoded name of a key token, "" for none.
func keyName(token []byte) string {
	if token == nil {
		return ""
	}
	return string(jsonscan.Unquote(token))
}

// claimedByType judges the value of `type`, which may be cut.
func claimedByType(value []byte, truncated bool) string {
	s := jsonscan.New(value)
	s.Peek()
	value = s.Rest()
	if token, err := s.String(); err == nil {
		switch name := keyName(token); name {
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
