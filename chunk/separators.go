package chunk

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// maxHeading is the deepest level of a heading in Markdown.
const maxHeading = 6

// DefaultSeparators returns the separators of an Options without any:
// paragraphs, lines, words, characters.
func DefaultSeparators() []string { return []string{"\n\n", "\n", " ", ""} }

// separator is one way to cut a text. An empty text cuts between characters.
type separator struct {
	text   string
	keep   bool   // stays at the start of the part behind it
	glue   string // what stands between two parts that are merged again
	tokens int    // tokens of glue
}

// literals returns separators that match texts as they are. So do LangChain's
// language separators in Airbyte's connectors: the repetitions some of them
// contain ("\n=+\n") are not read as regular expressions.
func literals(texts []string, keep bool) []separator {
	separators := make([]separator, len(texts))
	for i, text := range texts {
		separators[i] = separator{text: text, keep: keep}
		if !keep {
			separators[i].glue = text
		}
	}
	return separators
}

// headings returns the separators for Markdown headings of level 1 to level.
// Airbyte's connectors write them as `(?:^|\n)## `; the start of a text may be
// left out, because a separator that is kept cuts nothing off there.
func headings(level int) []separator {
	texts := make([]string, level)
	for i := range texts {
		texts[i] = "\n" + strings.Repeat("#", i+1) + " "
	}
	return literals(texts, true)
}

// spans yields start and end of the parts of text, without the empty ones.
func (s *separator) spans(text string) iter.Seq2[int, int] {
	if s.text == "" {
		return characters(text)
	}
	return func(yield func(int, int) bool) {
		part := 0 // where the part starts
		for from := 0; ; {
			i := strings.Index(text[from:], s.text)
			if i < 0 {
				break
			}
			start := from + i
			if part < start && !yield(part, start) {
				return
			}
			from = start + len(s.text)
			part = from
			if s.keep {
				part = start
			}
		}
		if part < len(text) {
			yield(part, len(text))
		}
	}
}

// characters yields start and end of each character of text. A byte that is
// not UTF-8 is one.
func characters(text string) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for i := 0; i < len(text); {
			_, size := utf8.DecodeRuneInString(text[i:])
			if !yield(i, i+size) {
				return
			}
			i += size
		}
	}
}
