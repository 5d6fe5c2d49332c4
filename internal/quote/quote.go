package quote

import "strings"

// briefBytes is how much a message shows of a key, a value or a service's reason.
const briefBytes = 200

// Brief cuts what came from elsewhere, such as a key or a name, to what a message may hold.
func Brief(text string) string { return cut(text, briefBytes) }

// maxQuoted bounds what a message quotes of a server; the internal message has all of it.
const maxQuoted = 300

// Excerpt is one line of at most [maxQuoted] bytes.
func Excerpt(text string) string { return cut(strings.Join(strings.Fields(text), " "), maxQuoted) }

// cut ends a text that is longer than limit bytes between two characters, with dots.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "..."
}
