package spec

import (
	"strconv"
	"strings"
)

// maxNameRunes is how much is shown of the name of a setting that nobody knows.
const maxNameRunes = 64

// settingName is the name of an unknown setting as a message may show it: people paste keys
// into every place.
func settingName(name string) string {
	if looksSecret(name) {
		return redacted
	}
	return cut(name, maxNameRunes)
}

// excerpt quotes the beginning of a value that should be no secret, unless it looks like one.
func excerpt(s string) string {
	if looksSecret(s) {
		return redacted
	}
	return strconv.Quote(shorten(s))
}

func shorten(s string) string { return cut(s, 40) }

// cut returns at most so many characters.
func cut(s string, most int) string {
	runes := []rune(s)
	if len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return s
}

// secretPrefixes begin the keys and tokens of Astra and of the embedding services.
func secretPrefixes() []string { return []string{"sk-", "astracs:", "cassandra:", "bearer "} }

// looksSecret reports a text that begins like a key, or is one word of at least 32 letters and
// digits that no person would make up.
func looksSecret(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, prefix := range secretPrefixes() {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	letters, digits := 0, 0
	for _, c := range s {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c && c <= 'z':
			letters++
		default:
			return false
		}
	}
	return letters+digits >= 32 && letters > 0 && digits > 3
}
