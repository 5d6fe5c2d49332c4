package redact_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/redact"
)

const (
	long  = "sk-0123456789abcdef" // replaced anywhere
	token = "AstraCS:0123abcd:ef0123456789"
)

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
		"another case":           {[]string{long}, strings.ToUpper(long), "[redacted]"},
		"a short one's case":     {[]string{"password"}, "PASSWORD", "PASSWORD"},
		"other marks":            {[]string{token}, "no astracs-0123abcd_ef0123456789.example", "no [redacted].example"},
		"no marks":               {[]string{token}, "no ASTRACS0123ABCDEF0123456789", "no [redacted]"},
		"a piece within":         {[]string{token}, "...cd:ef012345678... was sent", "...cd:ef012345678... was sent"},
		"a long piece within":    {[]string{token}, "CS:0123abcd:ef0123...", "[redacted]..."},
		"a piece at the end":     {[]string{token}, "You sent AstraCS:012", "You sent [redacted]"},
		"cut behind":             {[]string{token}, "You sent AstraCS:012...", "You sent [redacted]..."},
		"its prefix is no piece": {[]string{token}, "It begins with AstraCS:", "It begins with AstraCS:"},
		"a piece before more":    {[]string{token}, "AstraCS:0123 was sent", "AstraCS:0123 was sent"},
		"its last part":          {[]string{token}, "secret ef0123456789", "secret [redacted]"},
		"Cassandra's password":   {[]string{"Cassandra:dXNlcg==:aHVudGVyMi1odW50ZXIy"}, "no user with hunter2-hunter2", "no user with [redacted]"},
		"that guards nothing":    {[]string{"Cassandra:Y2Fzc2FuZHJh:Y2Fzc2FuZHJh"}, "Apache cassandra", "Apache cassandra"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, redact.New(test.secrets...).Text(test.text))
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
				require.Equal(t, before+`[redacted]"`, redact.New(secret).Text(text), "%s, %s: %s", name, how, text)
			}
		}
	}
	for text, how := range map[string]string{
		`p\u00e4ss\\w\u00f6rd/`: "Python", `päss\\wörd\/`: "PHP", "p%c3%a4ss%5cw%c3%b6rd%2f": "in small letters",
	} {
		require.Equal(t, "[redacted]", redact.New(`päss\wörd/`).Text(text), how)
	}
	require.Equal(t, "[redacted]", redact.New("key-🔑-🔑-1").Text(`key-\ud83d\udd11-\ud83d\udd11-1`))
}

// TestManyEncodings: what encodes a secret several times over, or as a part of something else,
// hides none.
func TestManyEncodings(t *testing.T) {
	t.Parallel()
	quote := func(s string) string { text, _ := json.Marshal(s); return string(text) }
	base := base64.StdEncoding.EncodeToString
	texts := map[string]string{
		"URL in JSON":    quote("/login?next=" + url.QueryEscape("https://h/?t="+url.QueryEscape(token))),
		"JSON in JSON":   quote(quote(`"` + token + `"`)),
		"JSON in HTML":   html.EscapeString(quote(`<` + token + `>`)),
		"Go's quotes":    fmt.Sprintf("%q", "\x00"+token+"\u202e"),
		"all of percent": percentAll(token),
		"base64":         "Basic " + base([]byte(token)),
		"base64 within":  "e: " + base([]byte("token="+token+"!")),
		"base64, later":  "e: " + base([]byte("a token="+token)),
		"base64 in URL":  url.QueryEscape(base([]byte("~~?" + token))),
		"hex":            hex.EncodeToString([]byte(token)),
		"HEX":            strings.ToUpper(hex.EncodeToString([]byte(token))),
		"entities":       strings.ReplaceAll(strings.ReplaceAll(token, "A", "&#65;"), ":", "&#x3a;"),
		"unseen marks":   strings.ReplaceAll(token, "0", "0\u200b"),
	}
	for name, text := range texts {
		shown := redact.New(token).Text(text)
		require.Contains(t, shown, redact.Mark, name)
		for _, leak := range []string{"123abcd", "0123456789", "3031323361626364", percentAll("0123abcd"), base([]byte("0123abcd"))[:8]} {
			require.NotContains(t, strings.ToLower(shown), strings.ToLower(leak), "%s: %s", name, shown)
		}
	}
}

func percentAll(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

// TestCutAnywhere: wherever a text was cut before it is redacted, of a secret stays what nobody
// can use.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	const secret = "QWERTYUIOPASDFGHJKLZXCVBNM"
	r := redact.New(secret)
	text := "You sent " + secret + " twice: " + secret
	for cut := range len(text) {
		shown := r.Text(text[:cut])
		require.NotContains(t, shown, secret[:10], text[:cut])
	}
}

// TestJSON: strings and names are redacted as they read, and what is no secret stays as it is.
func TestJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"nothing":   {`{"a":[1, 2.50,"x",null,true],"b":"\u00e9"}`, `{"a":[1, 2.50,"x",null,true],"b":"\u00e9"}`},
		"value":     {`{"a":"no AstraCS\u003a0123abcd:ef0123456789"}`, `{"a":"no [redacted]"}`},
		"name":      {`{"AstraCS:0123abcd:ef0123456789":1}`, `{"[redacted]":1}`},
		"number":    {`[98765432109876543210, 9876543210]`, `["[redacted]", 9876543210]`},
		"not JSON":  {`Token AstraCS:0123abcd:ef0123456789, "`, `Token [redacted], "`},
		"cut short": {`{"a":"AstraCS:0123abcd:ef0123`, `{"a":"[redacted]`},
		"empty":     {"", ""},
	}
	r := redact.New(token, "98765432109876543210")
	for name, test := range tests {
		require.Equal(t, test.want, string(r.JSON([]byte(test.text))), name)
	}
	var foreign struct{ Said, Absent redact.Foreign }
	require.NoError(t, json.Unmarshal([]byte(`{"said":{"code":"`+token+`"}}`), &foreign))
	var said, absent struct{ Code string }
	require.NoError(t, r.Decode(foreign.Said, &said))
	require.NoError(t, r.Decode(foreign.Absent, &absent))
	require.Equal(t, redact.Mark+"/", said.Code+"/"+absent.Code)
}

// TestError keeps an error without secrets, and of another one the text and what it is.
func TestError(t *testing.T) {
	t.Parallel()
	r := redact.New(token)
	require.NoError(t, r.Error(nil))
	require.Equal(t, io.EOF, r.Error(io.EOF))
	err := r.Error(fmt.Errorf("find %s: %w", token, io.EOF))
	require.EqualError(t, err, "find [redacted]: EOF")
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, errors.Unwrap(err))
	require.NotContains(t, fmt.Sprintf("%+v %#v", err, err), token)
}

// TestOfURL names what a URL must not show.
func TestOfURL(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"https://h/v1":                           nil,
		"https://u:pass-word@h/v1":               {"pass-word", base64.StdEncoding.EncodeToString([]byte("u:pass-word"))},
		"https://a-key@h/v1":                     {"a-key", base64.StdEncoding.EncodeToString([]byte("a-key:"))},
		"https://h/v1?key=k1&api-version=2024-1": {"k1"},
	}
	for text, want := range tests {
		u, err := url.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, redact.OfURL(u), text)
	}
	require.Empty(t, redact.OfURL(nil))
}

// FuzzText: no text makes the redactor fail, and what it returns holds no secret.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", token, "%41straCS:0123abcd:ef0123456789", `\u0041`, "&#65;&", "%", "\\u12", "\xff" + token} {
		f.Add(text)
	}
	r := redact.New(token, "password")
	f.Fuzz(func(t *testing.T, text string) {
		shown := r.Text(text + token + text)
		require.NotContains(t, shown, token)
		require.True(t, !json.Valid([]byte(text)) || json.Valid(r.JSON([]byte(text))), "%q", text)
	})
}

// TestPrinting shows no secret, with any verb.
func TestPrinting(t *testing.T) {
	t.Parallel()
	var foreign redact.Foreign
	require.NoError(t, json.Unmarshal([]byte(`"`+long+`"`), &foreign))
	holder := struct {
		Redact  *redact.Redactor
		Foreign redact.Foreign
	}{redact.New(long), foreign}
	require.Equal(t, "{[redacted] [redacted]}", fmt.Sprintf("%v", holder))
	require.NotContains(t, fmt.Sprintf("%+v %#v", holder, holder), long)
}
