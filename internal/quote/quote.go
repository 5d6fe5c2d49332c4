package quote

import (
	"strings"
	"unicode/utf8"
)

// briefBytes is how much of a key or of a value a message shows.
const briefBytes = 200

// Brief cuts what came with the data, such as a key or a name, to what a message may hold.
func Brief(text string) string {
	if len(text) <= briefBytes {
		return text
	}
	cut := briefBytes
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}

// maxQuoted bounds what a message quotes of a server; the internal message has all of it.
const maxQuoted = 300

// Excerpt is one line of at most [maxQuoted] bytes.
func Excerpt(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxQuoted {
		return text
	}
	return strings.ToValidUTF8(text[:maxQuoted], "") + "..."
}
