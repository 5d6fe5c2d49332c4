package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"destination-astra/internal/jsonscan"
)

// DestinationStats is what a destination adds to a state (AirbyteStateStats). The counts are
// doubles by the protocol and are printed with a decimal point. RecordCount counts records
// (not chunks) since the previous state of the same coverage; RecordCount plus
// RejectedRecordCount must equal what the platform sent.
type DestinationStats struct {
	RecordCount         float64
	RejectedRecordCount float64
	AdditionalStats     map[string]float64 // open; printed in the order of the names
}

// MarshalJSON prints the stats in the protocol's names. A NaN or an infinity is an error.
func (s DestinationStats) MarshalJSON() ([]byte, error) {
	additional := make(map[string]double, len(s.AdditionalStats))
	for name, value := range s.AdditionalStats {
		additional[name] = double(value)
	}
	return encode(struct {
		RecordCount         double            `json:"recordCount"`
		RejectedRecordCount double            `json:"rejectedRecordCount"`
		AdditionalStats     map[string]double `json:"additionalStats,omitempty"`
	}{double(s.RecordCount), double(s.RejectedRecordCount), additional})
}

// double is a number that is always printed with a decimal point and never with an exponent,
// as the protocol asks: some JSON readers take anything else for an integer that may overflow.
type double float64

// MarshalJSON refuses what JSON cannot hold.
func (d double) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(d)) || math.IsInf(float64(d), 0) {
		return nil, fmt.Errorf("%v is not a JSON number", float64(d))
	}
	text := strconv.AppendFloat(nil, float64(d), 'f', -1, 64)
	if !bytes.ContainsRune(text, '.') {
		text = append(text, ".0"...)
	}
	return text, nil
}

// patchStats returns raw with the value of its member destinationStats set to stats: the last
// one replaced, or a new one put after the last member. Every other byte stays. With nil stats
// raw comes back as it is.
func patchStats(raw json.RawMessage, stats *DestinationStats) (json.RawMessage, error) {
	start, end, last, err := locateStats(raw)
	if err != nil || stats == nil {
		return raw, err
	}
	value, err := encode(stats)
	if err != nil {
		return nil, fmt.Errorf("destinationStats: %w", err)
	}
	if start < 0 {
		// Right after the last member, so that white space before the brace stays there.
		start, end = last, last
		value = append([]byte(`"destinationStats":`), value...)
		if raw[last-1] != '{' {
			value = append([]byte{','}, value...)
		}
	}
	patched := make(json.RawMessage, 0, len(raw)+len(value))
	patched = append(patched, raw[:start]...)
	patched = append(patched, value...)
	return append(patched, raw[end:]...), nil
}

// locateStats returns where the value of destinationStats starts and ends (start is -1 when
// there is none) and the position just after the last member, or after the opening brace.
func locateStats(raw []byte) (start, end, last int, err error) {
	s := jsonscan.New(raw)
	if s.Peek() != '{' {
		return 0, 0, 0, errors.New("not a JSON object")
	}
	start, last = -1, s.Offset()+1
	err = s.Object(func(name []byte) error {
		from := s.Offset()
		if err := s.Skip(); err != nil {
			return err
		}
		if last = s.Offset(); string(name) == "destinationStats" {
			start, end = from, last
		}
		return nil
	})
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return 0, 0, 0, fmt.Errorf("not a JSON object: %w", err)
	}
	if !utf8.Valid(raw) {
		return 0, 0, 0, errors.New("not valid UTF-8")
	}
	return start, end, last, nil
}

// oneLine returns valid JSON without line breaks. Within valid JSON a line break is white
// space, since strings cannot hold one. Java's readers break lines at a carriage return too.
func oneLine(raw []byte) []byte {
	if !bytes.ContainsAny(raw, "\r\n") {
		return raw
	}
	raw = bytes.Clone(raw)
	for i, c := range raw {
		if c == '\r' || c == '\n' {
			raw[i] = ' '
		}
	}
	return raw
}
