package redact

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mark stands where a secret was.
const Mark = "[redacted]"

// Lengths in characters.
const (
	// MinLength is that of the shortest secret that is replaced. A shorter one guards nothing,
	// and is part of ordinary words: replacing "local" would garble any message.
	MinLength = 8
	// anywhereLength is that from which a secret is replaced also within a longer word. A
	// shorter one, such as "password", may be a part of a word by chance.
	anywhereLength = 16
)

// New returns a function that puts [Mark] in the place of each secret in a text, also where the
// text has it escaped for JSON, a URL or HTML. Secrets that overlap become one mark. A secret of
// fewer than [MinLength] characters stays; one of fewer than 16 is replaced only where no
// letter or digit precedes or follows it. Printing the function shows no secret.
//
// A text must be redacted before it is cut: half a secret is not found.
func New(secrets ...string) func(text string) string {
	var all []form
	for _, secret := range secrets {
		length := utf8.RuneCountInString(secret)
		if length < MinLength {
			continue
		}
		for _, text := range formsOf(secret) {
			all = append(all, form{text: text, word: length < anywhereLength})
		}
	}
	return func(text string) string {
		var found []span
		for _, f := range all {
			found = f.find(text, found)
		}
		return replace(text, found)
	}
}

// form is one way to write a secret.
type form struct {
	text string
	word bool // only as a whole word
}

// span is where a secret is in a text.
type span struct{ start, end int }

// find appends the places of the form in the text, which may overlap.
func (f form) find(text string, found []span) []span {
	for from := 0; ; {
		i := strings.Index(text[from:], f.text)
		if i < 0 {
			return found
		}
		s := span{from + i, from + i + len(f.text)}
		if !f.word || isWord(text, s) {
			found = append(found, s)
		}
		from = s.start + 1
	}
}

// replace puts one mark in the place of all spans that overlap or touch.
func replace(text string, found []span) string {
	if len(found) == 0 {
		return text
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var b strings.Builder
	done := 0
	for i, s := range found {
		if i == 0 || s.start > done {
			b.WriteString(text[done:s.start])
			b.WriteString(Mark)
		}
		done = max(done, s.end)
	}
	b.WriteString(text[done:])
	return b.String()
}

// isWord reports whether the span is no part of a longer word. Where it begins or ends with a
// punctuation mark, it ends a word itself.
func isWord(text string, s span) bool {
	first, _ := utf8.DecodeRuneInString(text[s.start:s.end])
	last, _ := utf8.DecodeLastRuneInString(text[s.start:s.end])
	before, _ := utf8.DecodeLastRuneInString(text[:s.start])
	after, _ := utf8.DecodeRuneInString(text[s.end:])
	begins := !inWord(first) || !inWord(before) || endsEscape(text[:s.start])
	return begins && (!inWord(last) || !inWord(after))
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// endsEscape reports whether the last letter or digit may belong to an escaped character: \n,
// \u0020 or %20.
func endsEscape(text string) bool {
	n := len(text)
	return n >= 2 && text[n-2] == '\\' || n >= 3 && text[n-3] == '%' || n >= 6 && text[n-6:n-4] == `\u`
}
