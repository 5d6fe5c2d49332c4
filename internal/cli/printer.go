package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printer prints for people, and is the one way to do so. A format is our own text. What comes
// from records, servers and files are its arguments: they lose their secrets, and what would
// steer a terminal is written as an escape. The first error is kept.
type printer struct {
	out     io.Writer
	secrets *secrets
	err     error
}

// line prints one line, or as many as the format has.
func (p *printer) line(format string, args ...any) { p.print(format+"\n", args...) }

// print is line without the end of it.
func (p *printer) print(format string, args ...any) {
	if p.err != nil {
		return
	}
	shown := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			shown[i] = p.clean(arg)
		case error:
			shown[i] = p.clean(arg.Error())
		case fmt.Stringer:
			shown[i] = p.clean(arg.String())
		default:
			shown[i] = arg
		}
	}
	_, p.err = fmt.Fprintf(p.out, format, shown...)
}

func (p *printer) clean(text string) string { return visible(p.secrets.text(text)) }

// excerpt is the beginning of a text on one line. The secrets go before it is cut: half of one
// is not found.
func (p *printer) excerpt(text string, runes int) string {
	line := []rune(strings.Join(strings.Fields(p.secrets.text(text)), " "))
	if len(line) <= runes {
		return string(line)
	}
	return string(line[:runes]) + "..."
}

// visible is the text with an escape, as Go writes it, in the place of whatever is not seen but
// acts: control characters, those that turn the direction of writing or end a line, and bytes
// that are no text. The two joiners stay, for words and pictures are made with them.
func visible(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < ' ', r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r != zeroWidthJoiner && r != zeroWidthNonJoiner && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)
