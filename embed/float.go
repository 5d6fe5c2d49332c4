package embed

import (
	"math"
	"strconv"

	"destination-astra/internal/jsonscan"
)

const (
	// maxExact is the largest whole number up to which a float64 holds every one.
	maxExact = 1 << 53
	// mostDigits always fit into a uint64.
	mostDigits = 19
)

// powersOfTen are those that a float64 holds exactly.
var powersOfTen = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// nextFloat consumes a number and returns the float32 nearest to it, infinite beyond the
// range; ok is false when no number is next. Most numbers of a vector are short and
// without an exponent: they are read in one pass, a third of strconv's time.
func nextFloat(s *jsonscan.Scanner) (f float32, ok bool, err error) {
	c := s.Peek()
	if f, n := shortFloat(s.Rest()); n > 0 {
		s.Advance(n)
		return f, true, nil
	}
	if c != '-' && (c < '0' || c > '9') {
		return 0, false, nil
	}
	raw, err := s.Value()
	if err != nil {
		return 0, false, err
	}
	// A value beyond float32 becomes infinite, as documented.
	wide, _ := strconv.ParseFloat(string(raw), 32)
	return float32(wide), true, nil
}

// shortFloat reads a number of the form -12.345 and returns how many bytes it took; 0
// when it is not sure of the number, its end or its rounding.
func shortFloat(text []byte) (f float32, n int) {
	first := 0
	if len(text) > 0 && text[0] == '-' {
		first = 1
	}
	mantissa, pos := addDigits(text, first, 0)
	digits, decimals := pos-first, 0
	if digits == 0 || digits > 1 && text[first] == '0' {
		return 0, 0
	}
	if pos < len(text) && text[pos] == '.' {
		point := pos
		mantissa, pos = addDigits(text, pos+1, mantissa)
		decimals = pos - point - 1
		digits += decimals
		if decimals == 0 {
			return 0, 0
		}
	}
	if pos == len(text) || goesOn(text[pos]) || digits > mostDigits {
		return 0, 0
	}
	f, sure := roundQuotient(mantissa, decimals)
	if !sure {
		return 0, 0
	}
	if first == 1 {
		f = -f
	}
	return f, pos
}

// goesOn reports whether a number does not end before c.
func goesOn(c byte) bool {
	return '0' <= c && c <= '9' || c == '-' || c == '.' || c == 'e' || c == 'E' || c == '+'
}

// addDigits appends the digits at pos to a number. More than mostDigits overflow it.
func addDigits(text []byte, pos int, number uint64) (uint64, int) {
	for pos < len(text) && text[pos]-'0' <= 9 {
		number = number*10 + uint64(text[pos]-'0')
		pos++
	}
	return number, pos
}

// roundQuotient divides by a power of ten. Both are exact, so the float64 is the
// nearest; rounding it again to float32 can only go wrong from the middle between two
// float32, or where they are sparse.
func roundQuotient(mantissa uint64, decimals int) (f float32, sure bool) {
	const dropped, middle = 1<<29 - 1, 1 << 28
	if mantissa > maxExact {
		return 0, false
	}
	wide := float64(mantissa) / powersOfTen[decimals] // of 19 digits at most, so it is there
	sparse := wide != 0 && wide < 0x1p-126
	if sparse || math.Float64bits(wide)&dropped == middle {
		return 0, false
	}
	return float32(wide), true
}
