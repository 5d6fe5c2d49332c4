package chunk

import "strings"

// span is a part of a text, in bytes, with its length in tokens.
type span struct{ start, end, tokens int }

// merger joins the spans of one text into pieces as large as they may be. It
// holds the spans of one piece only, so a text without spaces, cut into its
// characters, takes no more memory than another.
type merger struct {
	text    string
	sep     separator // its glue stands between the spans of a piece
	size    int       // tokens
	overlap int       // tokens
	window  []span    // the piece that is being built
	total   int       // tokens of the window, glue included
	chunks  []string  // the pieces that are done
}

// add puts part, which is shorter than a piece, behind the spans before it. A
// full window becomes a piece, and its end stays as the overlap of the next one.
func (m *merger) add(part span) {
	if len(m.window) > 0 && !m.fits(part) {
		m.emit()
		for m.total > m.overlap || m.total > 0 && !m.fits(part) {
			m.drop()
		}
	}
	if len(m.window) > 0 {
		m.total += m.sep.tokens
	}
	m.total += part.tokens
	m.window = append(m.window, part)
}

// fits reports whether part has room behind the window.
func (m *merger) fits(part span) bool {
	total := m.total + part.tokens
	if len(m.window) > 0 {
		total += m.sep.tokens
	}
	return total <= m.size
}

// drop takes the first span, and the glue behind it, out of the window.
func (m *merger) drop() {
	m.total -= m.window[0].tokens
	m.window = m.window[1:]
	if len(m.window) > 0 {
		m.total -= m.sep.tokens
	}
}

// flush makes a piece of what is left and starts anew, without overlap.
func (m *merger) flush() {
	m.emit()
	m.window, m.total = m.window[:0], 0
}

// emit appends the window as a piece, without the white space around it.
func (m *merger) emit() {
	if chunk := strings.TrimFunc(m.join(), isSpace); chunk != "" {
		m.chunks = append(m.chunks, chunk)
	}
}

// join returns the spans of the window with the glue between them.
func (m *merger) join() string {
	if len(m.window) == 0 {
		return ""
	}
	glue := m.sep.glue
	size := len(glue) * (len(m.window) - 1)
	for _, s := range m.window {
		size += s.end - s.start
	}
	first, last := m.window[0], m.window[len(m.window)-1]
	if whole := m.text[first.start:last.end]; len(whole) == size {
		return whole // as in the text, no copy
	}
	// Separators followed each other; the empty parts between them are gone.
	var b strings.Builder
	b.Grow(size)
	for i, s := range m.window {
		if i > 0 {
			b.WriteString(glue)
		}
		b.WriteString(m.text[s.start:s.end])
	}
	return b.String()
}
