package chunk

import (
	"fmt"
	"strings"
	"unicode"
)

// Mode says where a Splitter may cut. The values are those of text_splitter.mode
// in the configuration of Airbyte's vector destinations.
type Mode string

// The modes of a Splitter.
const (
	Separator Mode = "separator" // at Options.Separators
	Markdown  Mode = "markdown"  // before headings down to Options.SplitLevel
	Code      Mode = "code"      // where Options.Language starts a declaration or block
	Stable    Mode = "stable"    // where the text around prefers it
)

// DefaultChunkSize is the size of a piece, in tokens, when Options has none.
const DefaultChunkSize = 1000

// Counter measures text.
type Counter interface {
	// Count returns the number of tokens in text, at most len(text). A Splitter
	// calls it from every goroutine that calls Split.
	Count(text string) int
}

var _ Counter = (*Tokenizer)(nil)

// Options configures a Splitter. The zero value cuts at paragraphs, lines, words
// and characters, into pieces of DefaultChunkSize GPT-2 tokens without overlap.
type Options struct {
	Mode          Mode     // zero: Separator
	Separators    []string // Separator only, coarsest first, taken literally; empty: DefaultSeparators
	KeepSeparator bool     // Separator only: a piece starts with the separator before it
	SplitLevel    int      // Markdown only, 1 to 6; zero: 1
	Language      string   // Code only, one of Languages
	ChunkSize     int      // tokens; zero: DefaultChunkSize
	ChunkOverlap  int      // tokens that neighbours may share, at most ChunkSize; Stable: half of it
	Counter       Counter  // nil: the "gpt2" Tokenizer
}

// Splitter cuts texts in one way. It is safe for concurrent use.
type Splitter struct {
	stable     *stable // of mode Stable; it uses none of the others
	separators []separator
	size       int
	overlap    int
	counter    Counter
}

// NewSplitter returns a Splitter for o. It returns an error that names the
// option when a size is negative, the overlap is larger than the chunk size, or
// the mode, language or split level is unknown.
func NewSplitter(o Options) (*Splitter, error) {
	if o.ChunkSize == 0 {
		o.ChunkSize = DefaultChunkSize
	}
	switch {
	case o.ChunkSize < 0:
		return nil, fmt.Errorf("chunk: chunk size %d is negative", o.ChunkSize)
	case o.ChunkOverlap < 0:
		return nil, fmt.Errorf("chunk: chunk overlap %d is negative", o.ChunkOverlap)
	case o.ChunkOverlap > o.ChunkSize:
		return nil, fmt.Errorf("chunk: chunk overlap %d is larger than chunk size %d",
			o.ChunkOverlap, o.ChunkSize)
	}
	separators, err := newSeparators(o)
	if err != nil {
		return nil, err
	}
	if o.Counter == nil {
		if o.Counter, err = NewTokenizer("gpt2"); err != nil {
			return nil, err
		}
	}
	if o.Mode == Stable {
		return &Splitter{stable: newStable(o.ChunkSize, o.ChunkOverlap, o.Counter)}, nil
	}
	for i := range separators {
		separators[i].tokens = o.Counter.Count(separators[i].glue)
	}
	return &Splitter{
		separators: separators,
		size:       o.ChunkSize,
		overlap:    o.ChunkOverlap,
		counter:    o.Counter,
	}, nil
}

// newSeparators returns the separators that o asks for, coarsest first.
func newSeparators(o Options) ([]separator, error) {
	switch o.Mode {
	case Separator, "":
		if len(o.Separators) == 0 {
			return literals(DefaultSeparators(), o.KeepSeparator), nil
		}
		return literals(o.Separators, o.KeepSeparator), nil
	case Markdown:
		level := max(o.SplitLevel, 1)
		if o.SplitLevel < 0 || level > maxHeading {
			return nil, fmt.Errorf("chunk: split level %d is not 1 to %d", o.SplitLevel, maxHeading)
		}
		return headings(level), nil
	case Code:
		texts, ok := languages[o.Language]
		if !ok {
			return nil, fmt.Errorf("chunk: language %q is not one of %s",
				o.Language, strings.Join(Languages(), ", "))
		}
		return literals(texts, true), nil
	case Stable:
		if o.ChunkOverlap > o.ChunkSize/2 {
			return nil, fmt.Errorf("chunk: chunk overlap %d is larger than half of chunk size %d",
				o.ChunkOverlap, o.ChunkSize)
		}
		return nil, nil
	default:
		return nil, fmt.Errorf("chunk: mode %q is not separator, markdown, code or stable", o.Mode)
	}
}

// Split returns the pieces of text in order; none is empty. A piece is trimmed of
// white space and holds at most ChunkSize tokens, counted part by part between
// separators. A part that is longer and that no separator cuts is a piece as it
// is. With mode Stable no piece has more than ChunkSize tokens, unless it is one character.
// A piece may share the memory of text.
func (s *Splitter) Split(text string) []string {
	if s.stable != nil {
		return s.stable.split(nil, text)
	}
	return s.split(nil, text, s.separators)
}

// split appends the pieces of text, cut at separators, to chunks.
func (s *Splitter) split(chunks []string, text string, separators []separator) []string {
	sep, finer := choose(separators, text)
	count := s.counter.Count
	if len(text) < s.size {
		// A token has at least one byte, so everything fits in one piece and
		// no length matters. This holds for whole texts only: parts come here
		// because they are too long.
		count = func(string) int { return 0 }
	}
	m := merger{text: text, sep: sep, size: s.size, overlap: s.overlap, chunks: chunks}
	for start, end := range sep.spans(text) {
		part := span{start: start, end: end, tokens: count(text[start:end])}
		switch {
		case part.tokens < s.size:
			m.add(part)
		case len(finer) == 0:
			m.flush()
			m.chunks = append(m.chunks, text[start:end])
		default:
			m.flush()
			m.chunks = s.split(m.chunks, text[start:end], finer)
		}
	}
	m.flush()
	return m.chunks
}

// choose returns the coarsest separator that occurs in text, and those finer
// than it. When none occurs that is the last one, which then cuts nothing.
func choose(separators []separator, text string) (separator, []separator) {
	for i, sep := range separators {
		if sep.text == "" {
			return sep, nil // cuts between characters; nothing is finer
		}
		if strings.Contains(text, sep.text) {
			return sep, separators[i+1:]
		}
	}
	return separators[len(separators)-1], nil
}

// isSpace reports whether Python's str.strip removes r: Unicode's white space,
// and the four information separators of ASCII.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f
}
