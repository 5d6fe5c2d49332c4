package spec

import "strings"

// FieldError is one thing that is wrong with a configuration. It is a config_error: the
// user alone can mend it.
type FieldError struct {
	// Path names the property as in the configuration, such as processing.chunk_size or
	// processing.text_splitter.separators[0]. It is empty when the whole is meant.
	Path string
	// Reason says what is wrong and what to do, and never quotes a secret. It continues
	// a sentence that begins with the path.
	Reason string
}

// Error returns the path and the reason.
func (e *FieldError) Error() string {
	if e.Path == "" {
		return "the configuration " + e.Reason
	}
	return e.Path + ": " + e.Reason
}

// Errors are all the things that are wrong with a configuration, section by
// section in the order of the schema. errors.As finds the first *FieldError in it.
type Errors []FieldError

// Error returns all problems, separated by semicolons.
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i := range e {
		texts[i] = e[i].Error()
		if i < len(e)-1 {
			texts[i] = strings.TrimRight(texts[i], ".")
		}
	}
	return "spec: " + strings.Join(texts, "; ")
}

// Unwrap returns each *FieldError.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i := range e {
		all[i] = &e[i]
	}
	return all
}

// Warning is something in an accepted configuration that probably is not what the user
// meant. It is worth one WARN line.
type Warning struct {
	// Path names the property, as in [FieldError].
	Path string
	// Reason says what will happen and what to do about it. It never quotes a secret.
	Reason string
}

// String returns the path and the reason.
func (w Warning) String() string { return w.Path + ": " + w.Reason }
