package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of what is kept of an input to tell what it is.
const (
	sampleLines     = 8
	sampleLineBytes = 1 << 10
)

// InputError says that an input holds no Airbyte message at all, so that nothing of it was or
// can be used.
type InputError struct {
	Lines int64 // that are not blank; 0 means that there was no input
	Looks string
	// Advice is what to do about it; it may be empty.
	Advice string
}

// Error says what the input looks like and what to do.
func (e *InputError) Error() string {
	if e.Lines == 0 {
		return "the input is empty: no Airbyte message came on stdin"
	}
	text := "the input's only line is no Airbyte message"
	if e.Lines > 1 {
		text = fmt.Sprintf("the input has %d lines and none of them is an Airbyte message", e.Lines)
	}
	if e.Looks != "" {
		text += ": it looks like " + e.Looks
	}
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

// format is a kind of text or file that is no stream of messages.
type format struct {
	name, advice string
}

const wrapAdvice = `each record must be a line such as ` +
	`{"type":"RECORD","record":{"stream":"NAME","emitted_at":0,"data":{...}}}`

// magics are how files begin that are no text.
func magics() map[string]format {
	unpack := func(name, command string) format {
		return format{name, "unpack it first, such as with " + command}
	}
	export := func(name string) format { return format{name, "export it as text; " + wrapAdvice} }
	encoding := func(name string) format {
		return format{name, "convert it to UTF-8 first, such as with iconv -f " + strings.TrimSuffix(name, " text") + " -t UTF-8"}
	}
	return map[string]format{
		"\x1f\x8b":            unpack("a gzip file", "gunzip -c FILE"),
		"\x28\xb5\x2f\xfd":    unpack("a zstd file", "zstd -dc FILE"),
		"BZh":                 unpack("a bzip2 file", "bunzip2 -c FILE"),
		"\xfd7zXZ\x00":        unpack("an xz file", "xz -dc FILE"),
		"PK\x03\x04":          unpack("a zip file", "unzip -p FILE"),
		"PAR1":                export("a Parquet file"),
		"Obj\x01":             export("an Avro file"),
		"SQLite format 3\x00": export("an SQLite database"),
		"\xff\xfe\x00\x00":    encoding("UTF-32 text"),
		"\x00\x00\xfe\xff":    encoding("UTF-32 text"),
		"\xff\xfe":            encoding("UTF-16 text"),
		"\xfe\xff":            encoding("UTF-16 text"),
	}
}

// FormatOf names what text is when it begins like a file that is no UTF-8 text, such as a gzip
// file or UTF-16 text, and says what to do; both are empty for anything else.
func FormatOf(text []byte) (name, advice string) {
	length := 0
	var found format
	for magic, f := range magics() {
		if len(magic) > length && bytes.HasPrefix(text, []byte(magic)) {
			length, found = len(magic), f
		}
	}
	if length == 0 {
		// Without a mark: every second byte of plain letters is zero.
		head := text[:min(len(text), 64)]
		for start, name := range []string{"UTF-16LE", "UTF-16BE"} {
			if zerosAt(head, 1-start) && !zerosAt(head, start) {
				return name + " text", "convert it to UTF-8 first, such as with iconv -f " + name + " -t UTF-8"
			}
		}
	}
	return found.name, found.advice
}

// zerosAt reports whether every second byte from start on is zero.
func zerosAt(head []byte, start int) bool {
	for i := start; i < len(head); i += 2 {
		if head[i] != 0 {
			return false
		}
	}
	return len(head) >= 4
}

// sample is the beginning of the first lines of an input that are no messages.
type sample struct {
	lines [][]byte
}

func (s *sample) add(text []byte) {
	if len(s.lines) < sampleLines {
		s.lines = append(s.lines, bytes.Clone(text[:min(len(text), sampleLineBytes)]))
	}
}

// format says what the lines look like; the zero format when nobody can tell.
func (s *sample) format() format {
	if len(s.lines) == 0 {
		return format{}
	}
	if name, advice := FormatOf(s.lines[0]); name != "" {
		return format{name, advice}
	}
	first := bytes.TrimSpace(s.lines[0])
	switch {
	case bytes.HasPrefix(first, []byte("[")):
		return format{"a JSON array", "put each of its items on a line of its own, such as with jq -c '.[]'; " + wrapAdvice}
	case isWhole(s.lines[0]) && isObject(first):
		return format{"JSON objects that are no messages", wrapAdvice}
	case bytes.HasPrefix(first, []byte("{")):
		return format{"JSON spread over several lines", "put each message on one line, such as with jq -c ."}
	case bytes.HasPrefix(first, []byte("<")):
		return format{"XML or HTML", wrapAdvice}
	case s.separated() != "":
		return format{"text with values separated by " + s.separated() + " (CSV)", wrapAdvice}
	case !utf8.Valid(trimmed(s.lines[0])):
		return format{"a file that is no UTF-8 text", wrapAdvice}
	}
	return format{"plain text", wrapAdvice}
}

// isWhole reports a line that is valid JSON, or that was cut before one could tell.
func isWhole(line []byte) bool { return len(line) == sampleLineBytes || json.Valid(line) }

// trimmed takes off half a character at the end of a cut line.
func trimmed(line []byte) []byte {
	if len(line) < sampleLineBytes {
		return line
	}
	end := len(line)
	for end > 0 && len(line)-end < utf8.UTFMax && !utf8.Valid(line[:end]) {
		end--
	}
	return line[:end]
}

// separated names the character of which the first lines have equally many, at least one;
// "" when there is none.
func (s *sample) separated() string {
	if len(s.lines) < 2 {
		return ""
	}
	for separator, name := range map[string]string{",": "commas", ";": "semicolons", "\t": "tabs"} {
		n := bytes.Count(s.lines[0], []byte(separator))
		if n > 0 && n == bytes.Count(s.lines[1], []byte(separator)) {
			return name
		}
	}
	return ""
}

// isMessageType reports a type of the protocol, whether or not a destination has a use for it.
func isMessageType(typ string) bool {
	switch typ {
	case TypeRecord, TypeState, TypeTrace, "LOG", "SPEC", "CONNECTION_STATUS", "CATALOG", "CONTROL",
		"DESTINATION_CATALOG":
		return true
	}
	return false
}

func isMisspelt(typ string) bool { return !isMessageType(typ) && isMessageType(strings.ToUpper(typ)) }

// looksLikeType reports a name in the form of the protocol's types: a newer protocol may have
// more of them than this program knows.
func looksLikeType(typ string) bool {
	for _, c := range typ {
		if c != '_' && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return typ != ""
}
