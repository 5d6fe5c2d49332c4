package connector

import "unicode/utf8"

// briefBytes is how much of a key or of a value a message shows.
const briefBytes = 200

// brief cuts what came with the data, such as a key or a name, to what a message may hold.
func brief(text string) string {
	if len(text) <= briefBytes {
		return text
	}
	cut := briefBytes
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}
