package nearby

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Place is what a host's name says about where the host is. The zero value is Elsewhere.
type Place int

const (
	// Elsewhere is a name that may be anywhere: only its address tells, when it is dialled.
	Elsewhere Place = iota
	// Nearby is an address that plain http may go to, or a name that means nothing outside
	// the own network: a single label, .local, .internal or .localhost. What such a name
	// resolves to is checked like any other.
	Nearby
	// Public is an address that plain http may not go to.
	Public
)

// Judge tells where a host is, which is given as a URL has it: without brackets and port.
func Judge(host string) Place {
	name := strings.ToLower(strings.TrimRight(Normal(host), "."))
	if address, ok := parseAddress(name); ok {
		if Allows(address) {
			return Nearby
		}
		return Public
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case !isASCII(name), last == "", isDigit(last[0]): // no name of a network's own
		return Elsewhere
	case last == name, last == "local", last == "internal", last == "localhost":
		return Nearby
	}
	return Elsewhere
}

// Normal is the host that net/http dials: 8。8。8。8 is 8.8.8.8, and the full-width
// digits are digits. A host that IDNA refuses is dialled as it is.
func Normal(host string) string {
	if isASCII(host) {
		return host
	}
	if mapped, err := idna.Lookup.ToASCII(host); err == nil {
		return mapped
	}
	return host
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 })
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// parseAddress reads every form of an address that a resolver may take for one.
func parseAddress(name string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(name); err == nil {
		return address, true
	}
	return parseNumbers(name)
}

// parseNumbers reads what inet_aton does: one to four numbers, of which the last fills the
// bytes that are left. 134744072, 0x08080808, 010.8.2056 and 8.8.8.8 are one address.
func parseNumbers(name string) (netip.Addr, bool) {
	parts := strings.Split(name, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (4 - i)
		}
		n, err := parseNumber(part, bits)
		if err != nil {
			return netip.Addr{}, false
		}
		value = value<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

// parseNumber reads a decimal, an octal (0...) or a hexadecimal number (0x...).
func parseNumber(text string, bits int) (uint64, error) {
	if digits, ok := strings.CutPrefix(text, "0x"); ok {
		return strconv.ParseUint(digits, 16, bits)
	}
	if len(text) > 1 && text[0] == '0' {
		return strconv.ParseUint(text, 8, bits)
	}
	return strconv.ParseUint(text, 10, bits)
}
