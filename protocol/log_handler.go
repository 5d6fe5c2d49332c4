package protocol

import (
	"context"
	"encoding"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The protocol's levels that log/slog does not have.
const (
	LevelTrace = slog.Level(-8)
	LevelFatal = slog.Level(12)
)

// NewLogHandler returns a handler that prints LOG messages of at least the level (nil means
// INFO) through w. The attributes follow the message as key=value in the order given, a
// group's name before the key with a dot, values with spaces or quotes quoted as in Go. Times
// and sources of records are not printed: the platform has its own clock.
func NewLogHandler(w *Writer, level slog.Leveler) slog.Handler {
	if level == nil {
		level = slog.LevelInfo
	}
	return &logHandler{writer: w, level: level}
}

// logHandler is immutable, so that handlers made by With share it freely.
type logHandler struct {
	writer *Writer
	level  slog.Leveler
	attrs  string // of With, already printed
	group  string // of WithGroup, with its dot
}

// Enabled reports whether records of the level are printed.
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// Handle prints one record.
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	text := append([]byte(r.Message), h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		text = appendAttr(text, h.group, a)
		return true
	})
	return h.writer.Log(levelOf(r.Level), string(text), "")
}

// WithAttrs returns a handler whose records begin with these attributes.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	text := []byte(h.attrs)
	for _, a := range attrs {
		text = appendAttr(text, h.group, a)
	}
	next.attrs = string(text)
	return &next
}

// WithGroup returns a handler whose later attributes are in this group.
func (h *logHandler) WithGroup(name string) slog.Handler {
	next := *h
	if name != "" {
		next.group += name + "."
	}
	return &next
}

// levelOf rounds down to a level of the protocol; what is below Debug is TRACE.
func levelOf(level slog.Level) Level {
	switch {
	case level >= LevelFatal:
		return LogFatal
	case level >= slog.LevelError:
		return LogError
	case level >= slog.LevelWarn:
		return LogWarn
	case level >= slog.LevelInfo:
		return LogInfo
	case level >= slog.LevelDebug:
		return LogDebug
	default:
		return LogTrace
	}
}

// appendAttr appends " key=value"; nothing for the empty attribute and for empty groups.
func appendAttr(text []byte, group string, a slog.Attr) []byte {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range value.Group() {
			text = appendAttr(text, group, member)
		}
		return text
	}
	if a.Equal(slog.Attr{}) {
		return text
	}
	text = append(text, ' ')
	text = append(text, quoted(group+a.Key)...)
	text = append(text, '=')
	return append(text, quoted(valueText(value))...)
}

// valueText prints a value the way slog's text handler does, so that a type's own wish not to
// be printed (TextMarshaler, Stringer, Formatter) is respected.
func valueText(value slog.Value) string {
	switch value.Kind() {
	case slog.KindTime:
		return value.Time().Format(time.RFC3339Nano)
	case slog.KindAny:
		if m, ok := value.Any().(encoding.TextMarshaler); ok {
			if text, err := m.MarshalText(); err == nil {
				return string(text)
			}
		}
		return fmt.Sprintf("%+v", value.Any())
	default:
		return value.String()
	}
}

// quoted quotes a text that would not read as one word.
func quoted(text string) string {
	odd := func(c rune) bool {
		return c == ' ' || c == '=' || c == '"' || c == unicode.ReplacementChar || !unicode.IsPrint(c)
	}
	if text == "" || strings.ContainsFunc(text, odd) {
		return strconv.Quote(text)
	}
	return text
}
