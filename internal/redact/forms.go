package redact

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
)

// coded are a secret in hexadecimal digits and in base64, there also as a part of a longer
// text: its first and last digits then depend on its neighbours, and are left out.
func coded(secret string) []string {
	forms := []string{hex.EncodeToString([]byte(secret))}
	for before := range 3 {
		padded := strings.Repeat("\x00", before) + secret
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			digits := encoding.EncodeToString([]byte(padded))
			// The digits that hold bits of the bytes before, and those that the secret does not fill.
			digits = digits[(before*8+5)/6 : len(padded)*8/6]
			forms = append(forms, digits)
		}
	}
	return forms
}

// minPart is the length of the shortest part of a token that is a secret by itself.
const minPart = 12

// Parts are the pieces of "AstraCS:<id>:<secret>" and "Cassandra:<user>:<password>", user and
// password in base64, that are secrets by themselves, and the password as it is. A user's name is
// none, and a password that is the user's name guards nothing.
func Parts(token string) []string {
	pieces := strings.Split(token, ":")
	var parts []string
	for _, piece := range pieces[1:] {
		if len(piece) >= minPart {
			parts = append(parts, piece)
		}
	}
	if len(pieces) != 3 || pieces[0] != "Cassandra" {
		return parts
	}
	user, _ := base64.RawStdEncoding.DecodeString(strings.TrimRight(pieces[1], "="))
	password, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(pieces[2], "="))
	if err == nil && string(password) != string(user) {
		parts = append(parts, string(password))
	}
	return parts
}

// OfURL are the secrets of a URL: its password, or a user's name that stands alone, as keys do,
// both as the header has them, and the values of its query. A nil URL has none.
func OfURL(u *url.URL) []string {
	if u == nil {
		return nil
	}
	var secrets []string
	if login := u.User; login != nil {
		password, both := login.Password()
		secret := password
		if !both {
			secret = login.Username()
		}
		secrets = append(secrets, secret, base64.StdEncoding.EncodeToString([]byte(login.Username()+":"+password)))
	}
	for name, values := range u.Query() {
		if !strings.Contains(strings.ToLower(name), "version") {
			secrets = append(secrets, values...)
		}
	}
	return secrets
}
