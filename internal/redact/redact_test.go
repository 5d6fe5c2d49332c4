package redact_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/redact"
)

const long = "sk-0123456789abcdef" // replaced anywhere

func TestNew(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		secrets    []string
		text, want string
	}{
		"nothing to hide":        {nil, "the table", "the table"},
		"empty":                  {[]string{""}, "the table", "the table"},
		"seven characters":       {[]string{"the tab"}, "the table", "the table"},
		"seven are not eight":    {[]string{"1234567"}, "key 1234567", "key 1234567"},
		"eight characters":       {[]string{"12345678"}, "key 12345678", "key [redacted]"},
		"seven of eight bytes":   {[]string{"pässwor"}, "a pässwor", "a pässwor"},
		"eight of nine bytes":    {[]string{"pässword"}, "a pässword", "a [redacted]"},
		"in a longer word":       {[]string{"password"}, "passwords, mypassword, password2", "passwords, mypassword, password2"},
		"beside a letter":        {[]string{"password"}, "épassword, passwordß", "épassword, passwordß"},
		"before a combining one": {[]string{"password"}, "password\u0301", "password\u0301"},
		"between marks":          {[]string{"password"}, `"password", <password>:password.`, `"[redacted]", <[redacted]>:[redacted].`},
		"beside an underscore":   {[]string{"password"}, "my_password", "my_[redacted]"},
		"beside no letter":       {[]string{"password"}, "\xffpassword→", "\xff[redacted]→"},
		"whole text":             {[]string{"password"}, "password", "[redacted]"},
		"again and again":        {[]string{"password"}, "password password", "[redacted] [redacted]"},
		"fifteen in a word":      {[]string{"0123456789abcde"}, "x0123456789abcde", "x0123456789abcde"},
		"sixteen in a word":      {[]string{"0123456789abcdef"}, "x0123456789abcdefx", "x[redacted]x"},
		"sixteen of an alphabet": {[]string{"пароль-пароль-12"}, "япароль-пароль-12я", "я[redacted]я"},
		"with marks at its ends": {[]string{"(secret)"}, "x(secret)x", "x[redacted]x"},
		"with marks within":      {[]string{"pass-w.rd"}, "the pass-w.rd, xpass-w.rd", "the [redacted], xpass-w.rd"},
		"one in the other":       {[]string{"23456789", "AstraCS:23456789"}, "AstraCS:23456789, 23456789", "[redacted], [redacted]"},
		"overlapping":            {[]string{"0123456789abcdef", "abcdefghijklmnop"}, "<0123456789abcdefghijklmnop>", "<[redacted]>"},
		"overlapping itself":     {[]string{"ab-ab-ab-ab-ab-ab"}, "ab-ab-ab-ab-ab-ab-ab!", "[redacted]!"},
		"touching":               {[]string{long}, long + long, "[redacted]"},
		"the mark":               {[]string{"redacted"}, "the redacted", "the [redacted]"},
		"another case":           {[]string{long}, strings.ToUpper(long), strings.ToUpper(long)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, redact.New(test.secrets...)(test.text))
		})
	}
}

// TestEscaped: a secret is found as messages escape it, short ones also behind an escape.
func TestEscaped(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{
		"marks": `a"b\c/d&e<f> g`, "long": `a"b\c/d&e<f> g` + long, "accent": "pässwörd+", "beyond": "key-🔑-🔑-1",
		"short": "secret12", "percent": "100%secret", "line": "two\nlines",
	}
	escapes := map[string]func(string) string{
		"plain": func(s string) string { return s },
		"query": url.QueryEscape,
		"path":  url.PathEscape,
		"HTML":  html.EscapeString,
		"JSON":  func(s string) string { text, _ := json.Marshal(s); return string(text[1 : len(text)-1]) },
	}
	for name, secret := range secrets {
		for how, escape := range escapes {
			for _, before := range []string{"", " ", "=", "%20", "%3d", `\n`, `\u003d`} {
				text := before + escape(secret) + `"`
				require.Equal(t, before+`[redacted]"`, redact.New(secret)(text), "%s, %s: %s", name, how, text)
			}
		}
	}
	for text, how := range map[string]string{
		`p\u00e4ss\\w\u00f6rd/`: "Python", `päss\\wörd\/`: "PHP", "p%c3%a4ss%5cw%c3%b6rd%2f": "in small letters",
	} {
		require.Equal(t, "[redacted]", redact.New(`päss\wörd/`)(text), how)
	}
	require.Equal(t, "[redacted]", redact.New("key-🔑-🔑-1")(`key-\ud83d\udd11-\ud83d\udd11-1`))
}

// TestPrinting shows no secret, with any verb.
func TestPrinting(t *testing.T) {
	t.Parallel()
	holder := struct{ Redact func(string) string }{redact.New(long)}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", holder, holder, holder), long)
}
