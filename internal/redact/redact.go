package redact

import (
	"cmp"
	"errors"
	"fmt"
	"io"
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
	// pieceBytes is that of the shortest piece of a secret that is replaced wherever it stands,
	// in letters and digits. No two texts share so many by chance.
	pieceBytes = 16
	// endBytes is the same at the end of a text, where somebody may have cut it.
	endBytes = 10
	// maxBytes bounds what is looked through, and so what comes back.
	maxBytes = 1 << 20
)

// Redactor takes secrets out of texts. The nil one leaves texts as they are. It is safe for
// concurrent use, and prints as [Mark].
type Redactor struct {
	literals []literal
	pieces   map[string]bool // of pieceBytes letters and digits each
	begins   []string        // letters and digits of the secrets
}

// New returns a Redactor of these secrets and of those within them ([Parts]). A secret of fewer
// than [MinLength] characters stays. One with fewer than 16 letters and digits is found as it
// is; where it has fewer than 16 characters in all, only between others than letters and digits.
func New(secrets ...string) *Redactor {
	r := &Redactor{pieces: map[string]bool{}}
	for _, secret := range secrets {
		for _, part := range append([]string{secret}, Parts(secret)...) {
			r.add(part)
		}
	}
	return r
}

// add takes in a secret and the forms of it that no decoding of a text brings to light.
func (r *Redactor) add(secret string) {
	length := utf8.RuneCountInString(secret)
	if length < MinLength {
		return
	}
	r.addForm(secret, length < anywhereLength)
	for _, form := range coded(secret) {
		r.addForm(form, false)
	}
}

func (r *Redactor) addForm(text string, word bool) {
	letters := string(lettersOf(viewOf(text)).text)
	if utf8.RuneCountInString(letters) < pieceBytes {
		r.literals = append(r.literals, literal{text: spaced(text), word: word})
		return
	}
	for i := range len(letters) - pieceBytes + 1 {
		r.pieces[letters[i:i+pieceBytes]] = true
	}
	r.begins = append(r.begins, letters)
}

// Text returns the text with [Mark] in the place of each secret, whichever way it is written:
// escaped for JSON, a URL or HTML, several times over, in base64 or in hexadecimal digits; and
// where it is long, in any case and with any punctuation in it. Pieces of a long secret are
// replaced as well, of 16 letters and digits, or of the first 10 at the end of the text: it may
// have been cut. Secrets that overlap become one mark. Beyond 1 MiB a text is cut.
func (r *Redactor) Text(text string) string {
	if r == nil || len(r.literals)+len(r.begins) == 0 {
		return text
	}
	if len(text) > maxBytes {
		text = strings.ToValidUTF8(text[:maxBytes], "")
	}
	var found []span
	for _, v := range views(text) {
		plain := spaced(string(v.text))
		for _, l := range r.literals {
			found = l.find(plain, v, found)
		}
		for _, s := range r.findPieces(lettersOf(v)) {
			for s.end < len(text) && text[s.end] == '=' { // as base64 is filled up
				s.end++
			}
			found = append(found, s)
		}
	}
	return replace(text, found)
}

// Error returns err itself unless its text holds a secret. Then the text alone survives, and
// what errors.Is says: a cause that leaks must not be reachable by Unwrap either.
func (r *Redactor) Error(err error) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); r.Text(text) != text {
		return &cleanError{text: r.Text(text), is: func(target error) bool { return errors.Is(err, target) }}
	}
	return err
}

// cleanError is an error whose text has lost its secrets.
type cleanError struct {
	text string
	is   func(target error) bool
}

func (e *cleanError) Error() string { return e.text }

// Is reports whether the error that this one stands for is the target.
func (e *cleanError) Is(target error) bool { return e.is(target) }

// Format prints [Mark], whatever the verb.
func (r *Redactor) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mark) }

// span is where a secret is in a text.
type span struct{ start, end int }

// literal is a secret that is looked for as it is.
type literal struct {
	text string
	word bool // only as a whole word
}

// find appends the places of the literal in the view's text, which may overlap.
func (l literal) find(text string, v view, found []span) []span {
	for from := 0; ; {
		i := strings.Index(text[from:], l.text)
		if i < 0 {
			return found
		}
		s := span{from + i, from + i + len(l.text)}
		if !l.word || isWord(text, s) {
			found = append(found, v.span(s))
		}
		from = s.start + 1
	}
}

// findPieces returns the places of pieces of the long secrets, found among letters.
func (r *Redactor) findPieces(v view) (found []span) {
	for i := range len(v.text) - pieceBytes + 1 {
		if r.pieces[string(v.text[i:i+pieceBytes])] {
			found = append(found, v.span(span{i, i + pieceBytes}))
		}
	}
	for _, secret := range r.begins {
		for n := min(pieceBytes-1, len(v.text)); n >= endBytes; n-- {
			if strings.HasSuffix(string(v.text[len(v.text)-n:]), secret[:n]) {
				found = append(found, v.span(span{len(v.text) - n, len(v.text)}))
				break
			}
		}
	}
	return found
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
	return (!inWord(first) || !inWord(before)) && (!inWord(last) || !inWord(after))
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// spaced writes spaces for the plus signs that a query has in their place.
func spaced(text string) string { return strings.ReplaceAll(text, "+", " ") }
