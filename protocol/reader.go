package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"unicode/utf8"

	"destination-astra/internal/jsonscan"
)

// DefaultMaxLineBytes is the longest line a Reader takes unless told otherwise.
const DefaultMaxLineBytes = 256 << 20

// maxNames bounds the table of stream names and namespaces that a Reader keeps.
const maxNames = 4096

// ReaderOptions configures a Reader.
type ReaderOptions struct {
	MaxLineBytes int // without the newline; 0 means DefaultMaxLineBytes
	// Reserve, when not nil, is called by Next before it takes so many more bytes for a
	// line of more than a megabyte, and may wait. Its error ends the reading. What was reserved
	// since the last message belongs to the next one, which keeps at most half of it.
	Reserve func(bytes int) error
}

// Reader reads messages line by line. It is not safe for concurrent use. It holds one line at
// a time: its memory is bounded by a small multiple of MaxLineBytes, and what one long line
// needed is given back after it.
type Reader struct {
	lines    *lineReader
	maxBytes int
	skipped  atomic.Int64 // read while a last call may still wait for its input
	misspelt atomic.Int64 // of those
	filled   int64        // lines that are not blank
	messages int64        // of any type of the protocol
	sample   sample
	names    map[string]string // JSON token -> name, so that a record allocates no names
}

// LineError is a RECORD or STATE line that does not parse, or a line that is too long. The
// data in it is lost, so it is a system_error: no later state may be acknowledged. Reason
// holds a member's name or a single character of the line at most.
type LineError struct {
	Line   int64  // counted from 1
	Type   string // RECORD, STATE, "RECORD or STATE" when it was cut too early, or ""
	Offset int    // of the first bad byte from the line's start, -1 when Reason says it all
	Reason string
	// Looks says what the input looks like when no message came before the line; "" otherwise.
	Looks string
}

// Error names the line, the type and the reason.
func (e *LineError) Error() string {
	text := fmt.Sprintf("protocol: line %d", e.Line)
	if e.Type != "" {
		text += ": " + e.Type + " message"
	}
	text += ": " + e.Reason
	if e.Offset >= 0 {
		text += fmt.Sprintf(" at byte %d", e.Offset)
	}
	return text
}

func lineError(l line, typ string, offset int, reason string) *LineError {
	return &LineError{Line: l.number, Type: typ, Offset: offset, Reason: reason}
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader, o ReaderOptions) *Reader {
	if o.MaxLineBytes <= 0 {
		o.MaxLineBytes = DefaultMaxLineBytes
	}
	return &Reader{
		lines:    newLineReader(r, o),
		maxBytes: o.MaxLineBytes,
		names:    make(map[string]string),
	}
}

// Skipped returns how many lines so far were no protocol message at all: text that is not
// JSON, JSON without a type or with one such as "record", a stream status that cannot be read.
// Blank lines and messages of types that a destination has no use for are not counted. Unlike
// Next and Judge it may be called at any time.
func (r *Reader) Skipped() int64 { return r.skipped.Load() }

// Judge says after the last line whether the input was one at all: an *InputError when lines
// came and none was a message, or when nothing came. Without messages nobody can tell a source
// that had nothing to say from a wrong file, so it is the caller's to accept empty input.
func (r *Reader) Judge() error {
	if r.messages > 0 {
		return nil
	}
	f := r.looks()
	return &InputError{Lines: r.filled, Looks: f.name, Advice: f.advice}
}

// Misspelt returns how many of the skipped lines have a type of the protocol in other than
// capital letters. It may be called at any time too.
func (r *Reader) Misspelt() int64 { return r.misspelt.Load() }

// Next returns the next RECORD, STATE or stream status. It returns io.EOF at the end, a
// *LineError for a line that would lose data if it were skipped (the next call goes on with the
// line after it), and any other error of the underlying reader wrapped and for good.
func (r *Reader) Next() (Message, error) {
	for {
		l, err := r.lines.next()
		switch {
		case errors.Is(err, errTooLong):
			reason := fmt.Sprintf("longer than %d bytes", r.maxBytes)
			return Message{}, r.broken(lineError(l, claimedType(l.text, false), -1, reason))
		case errors.Is(err, io.EOF):
			return Message{}, io.EOF
		case err != nil:
			return Message{}, fmt.Errorf("protocol: read line %d: %w", l.number, err)
		}
		m, err := r.parse(l)
		if err != nil || m.Type != "" {
			return m, err
		}
	}
}

// parse returns the message of a line, or the zero Message for one to skip.
func (r *Reader) parse(l line) (Message, error) {
	if l.number == 1 {
		// Windows tools begin a file with a byte order mark.
		l.text = bytes.TrimPrefix(l.text, []byte("\xef\xbb\xbf"))
	}
	s := jsonscan.New(l.text)
	if s.Peek() == 0 && len(s.Rest()) == 0 {
		return Message{}, nil
	}
	r.filled++
	e, err := parseEnvelope(&s)
	if err != nil {
		claimed := claimedType(l.text, !l.terminated)
		if claimed == "" {
			r.skip(l)
			return Message{}, nil
		}
		offset, reason := notJSON(err)
		return Message{}, r.broken(lineError(l, claimed, offset, reason))
	}
	return r.dispatch(l, &e)
}

// notJSON returns where a text is no JSON, and why.
func notJSON(err error) (offset int, reason string) {
	if e, ok := errors.AsType[*jsonscan.Error](err); ok {
		return e.Offset, e.Reason
	}
	return -1, err.Error()
}

// skip counts a line that is no message.
func (r *Reader) skip(l line) {
	r.skipped.Add(1)
	r.sample.add(l.text)
}

// looks says what the skipped lines look like.
func (r *Reader) looks() format {
	if r.misspelt.Load() > 0 {
		return format{"messages whose type is not in capital letters", `write "type":"RECORD" and "type":"STATE"`}
	}
	return r.sample.format()
}

// broken tells of an input that was none from the start on: its first broken line is then
// the least of its faults.
func (r *Reader) broken(e *LineError) *LineError {
	if r.messages == 0 && r.filled > 1 {
		e.Looks = r.looks().name
	}
	return e
}

// dispatch decodes a line that is valid JSON, save its UTF-8.
func (r *Reader) dispatch(l line, e *envelope) (Message, error) {
	if !isString(e.typ) {
		r.skip(l)
		return Message{}, nil
	}
	m, fault := Message{Line: l.number}, ""
	typ := string(jsonscan.Unquote(e.typ))
	switch {
	case isMessageType(typ):
		r.messages++
	case !looksLikeType(typ):
		if isMisspelt(typ) {
			r.misspelt.Add(1)
		}
		r.skip(l)
		return Message{}, nil
	}
	switch typ {
	case TypeRecord:
		m.Type = TypeRecord
		m.Record, fault = r.record(&e.record)
	case TypeState:
		m.Type = TypeState
		m.State, fault = r.state(e.state)
	case TypeTrace:
		if m.Status = r.status(l, e.trace); m.Status == nil {
			return Message{}, nil
		}
		m.Type = TypeTrace
		return m, nil
	default:
		return Message{}, nil
	}
	if !utf8.Valid(l.text) {
		return Message{}, lineError(l, m.Type, invalidUTF8(l.text), "invalid UTF-8")
	}
	if fault != "" {
		return Message{}, lineError(l, m.Type, -1, fault)
	}
	return m, nil
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8.
func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}
