package localastra

import "fmt"

// OptionError says that an option cannot be used. [Open], [ParseFault] and
// [NewEmbedder] return it before they have done anything.
type OptionError struct {
	// Option is its name in lower case: backend, embedder, fault or keyspace.
	Option string
	// Value is what was given.
	Value string
	// Want is what would have been right, for a person to read.
	Want string
}

// Error names the option, its value, and what it should be.
func (e *OptionError) Error() string {
	return fmt.Sprintf("localastra: %s %q: want %s", e.Option, e.Value, e.Want)
}
