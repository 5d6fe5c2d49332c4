package localastra

import (
	"cmp"
	"strconv"
	"strings"
)

// decimal is an exact decimal number: 0.digits times ten to the power of point.
// digits has no zero at either end; zero has no digits and is never negative.
type decimal struct {
	negative bool
	digits   string
	point    int64
}

// maxExponent bounds exponents. The real server runs out of memory on 1e999999999;
// this one treats everything beyond the bound as the bound.
const maxExponent = 1 << 40

// parseDecimal reads a valid JSON number. It never fails: the parser of requests let
// only valid numbers through. No digit is lost, however long the number is.
func parseDecimal(literal string) decimal {
	var d decimal
	mantissa := literal
	if strings.HasPrefix(mantissa, "-") {
		d.negative, mantissa = true, mantissa[1:]
	}
	if e := strings.IndexAny(mantissa, "eE"); e >= 0 {
		d.point = parseExponent(mantissa[e+1:])
		mantissa = mantissa[:e]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	d.point += int64(len(whole))
	trimmed := strings.TrimLeft(digits, "0")
	d.point -= int64(len(digits) - len(trimmed))
	d.digits = strings.TrimRight(trimmed, "0")
	if d.digits == "" {
		return decimal{}
	}
	// Here and not at the exponent alone: what is printed must be read as the same number.
	d.point = max(-maxExponent, min(d.point, maxExponent))
	return d
}

// parseExponent reads an exponent of any length. One that does not fit is far beyond
// maxExponent, where nothing is told apart.
func parseExponent(text string) int64 {
	const far = 2 * maxExponent
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && strings.HasPrefix(text, "-") {
		return -far
	}
	if err != nil {
		return far
	}
	return max(-far, min(n, far))
}

// compare orders by numeric value. It needs no arithmetic: with the point in the same
// place, digits without leading zeros compare as texts do.
func (d decimal) compare(other decimal) int {
	if s := cmp.Compare(d.sign(), other.sign()); s != 0 {
		return s
	}
	c := cmp.Compare(d.point, other.point)
	if c == 0 {
		c = cmp.Compare(d.digits, other.digits)
	}
	if d.negative {
		return -c
	}
	return c
}

// sign is -1, 0 or 1. There is no negative zero: the Data API returns -0.0 as 0
// (observed).
func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	default:
		return 1
	}
}

// appendKey appends a text that two numbers share exactly when they are equal: 1, 1.0
// and 10e-1 are one key.
func (d decimal) appendKey(dst []byte) []byte {
	if d.negative {
		dst = append(dst, '-')
	}
	dst = append(dst, d.digits...)
	return strconv.AppendInt(append(dst, 'e'), d.point, 10)
}

// normalizeNumber returns the literal as the Data API stores it: integers as they
// are, everything else without trailing zeros (1.0 is 1, 1E5 is 1E+5, -0.0 is 0) in
// the notation of Java's BigDecimal.
func normalizeNumber(literal string) string {
	if !strings.ContainsAny(literal, ".eE") {
		if literal == "-0" {
			return "0"
		}
		return literal
	}
	d := parseDecimal(literal)
	if d.digits == "" {
		return "0"
	}
	scale := int64(len(d.digits)) - d.point
	switch {
	case scale >= 0 && d.point-1 >= -6:
		return d.signText() + d.plain()
	default:
		return d.signText() + d.scientific()
	}
}

// signText is what stands before the digits.
func (d decimal) signText() string {
	if d.negative {
		return "-"
	}
	return ""
}

// plain prints without an exponent. The caller made sure that few zeros are needed.
func (d decimal) plain() string {
	switch {
	case d.point <= 0:
		return "0." + strings.Repeat("0", int(-d.point)) + d.digits
	case d.point >= int64(len(d.digits)):
		return d.digits
	default:
		return d.digits[:d.point] + "." + d.digits[d.point:]
	}
}

// scientific prints one digit before the point and an exponent with its sign, as Java
// does: 1.5E+300.
func (d decimal) scientific() string {
	text := d.digits[:1]
	if len(d.digits) > 1 {
		text += "." + d.digits[1:]
	}
	exponent := d.point - 1
	if exponent >= 0 {
		return text + "E+" + strconv.FormatInt(exponent, 10)
	}
	return text + "E" + strconv.FormatInt(exponent, 10)
}
