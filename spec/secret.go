package spec

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every rendering of a Secret says, an empty one's too: whether a key
// is set is nobody's business either.
const redacted = "[redacted]"

// Secret is a credential. Printing, logging or marshalling one, alone or inside an
// exported field, gives "[redacted]"; only Reveal gives the text.
//
// Keep secrets out of unexported fields of what is printed and out of map keys: package
// fmt and encoding/json do not ask a type's methods there.
type Secret string

// Reveal returns the secret itself, for the request that needs it and nothing else.
func (s Secret) Reveal() string { return string(s) }

// IsSet tells whether there is a secret at all.
func (s Secret) IsSet() bool { return s != "" }

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (s Secret) GoString() string { return redacted }

// Format writes "[redacted]" for every verb, %x and %d included.
func (s Secret) Format(f fmt.State, _ rune) {
	// A fmt.State keeps the first write error to itself; there is nobody to tell.
	_, _ = io.WriteString(f, redacted)
}

// LogValue returns "[redacted]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns "[redacted]" as a JSON string. It never fails.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns "[redacted]". It never fails.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
