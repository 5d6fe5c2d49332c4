package redact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// formsOf are the secret as it is and as messages escape it, each once.
func formsOf(secret string) []string {
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	plain := plainJSON(secret)
	forms := []string{
		secret, query, path, lowerHex(query), lowerHex(path), html.EscapeString(secret),
		plain, strings.ReplaceAll(plain, "/", `\/`), asciiJSON(plain), inner(json.Marshal(secret)),
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// plainJSON escapes what JSON must.
func plainJSON(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(text)
	return inner(bytes.TrimSpace(b.Bytes()), err)
}

// inner is a JSON text without its quotes. Marshalling a string cannot fail.
func inner(quoted []byte, err error) string {
	if err != nil {
		return ""
	}
	return string(quoted[1 : len(quoted)-1])
}

// asciiJSON escapes every character beyond ASCII too, as Python's json does.
func asciiJSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// lowerHex writes the escapes of a URL in small letters, as some servers do.
func lowerHex(escaped string) string {
	return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(escaped, strings.ToLower)
}
