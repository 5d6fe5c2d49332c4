package connector

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// sameValue reports whether two JSON texts mean the same: members in any order, numbers
// by their value, because the Data API normalizes them (1.0 comes back as 1, 1e20 as
// 1E+20; v1.0.51, observed). An absent value is only the same as an absent one.
func sameValue(a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	if bytes.Equal(a, b) {
		return true
	}
	x, errA := decodeExact(a)
	y, errB := decodeExact(b)
	return errA == nil && errB == nil && same(x, y)
}

// decodeExact keeps every digit of a number.
func decodeExact(text json.RawMessage) (v any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&v)
	return v, err
}

// same compares decoded values.
func same(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for name, value := range x {
			other, there := y[name]
			if !there || !same(value, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case json.Number:
		y, ok := b.(json.Number)
		return ok && decimal(string(x)) == decimal(string(y))
	default:
		return a == b
	}
}

// decimal writes a number of JSON in the one way that equal numbers share: its digits
// without zeros at either end, and the power of ten of the last one.
func decimal(text string) string {
	digits, negative := strings.CutPrefix(text, "-")
	exponent := 0
	if at := strings.IndexAny(digits, "eE"); at >= 0 {
		n, err := strconv.Atoi(strings.TrimPrefix(digits[at+1:], "+"))
		if err != nil {
			return text // beyond any number that is stored
		}
		digits, exponent = digits[:at], n
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	exponent -= len(fraction)
	short := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(short)
	if short == "" {
		return "0"
	}
	if negative {
		short = "-" + short
	}
	return short + "e" + strconv.Itoa(exponent)
}
