package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"destination-astra/embed"
	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
	"destination-astra/internal/proxy"
	"destination-astra/internal/tally"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// unlisted is what users see of an error that nobody foresaw; the error itself
// goes into the internal message.
const unlisted = "Something went wrong in the connector. The internal message and the log say more."

// Classify turns any error of this package into what the platform shows: whose
// fault it is, a message for the user that says what is wrong, which setting
// and what to do, and the whole error for those who look deeper. It is the one
// place where that is decided.
func Classify(err error) protocol.ErrorTrace {
	t := protocol.ErrorTrace{
		FailureType:     protocol.SystemError,
		Message:         unlisted,
		InternalMessage: err.Error(),
	}
	for _, rule := range rules() {
		if rule(err, &t) {
			break
		}
	}
	return t
}

// Explain returns the message for the user, or the error itself where there is
// none: for commands whose reader is a person at a terminal.
func Explain(err error) string {
	if t := Classify(err); t.Message != unlisted {
		return t.Message
	}
	return err.Error()
}

// rules in the order in which they are tried: each says whether it knows the
// error and, if so, fills in the trace.
func rules() []func(error, *protocol.ErrorTrace) bool {
	return []func(error, *protocol.ErrorTrace) bool{
		configFault, settingsFault, inputFault, lineFault, rejectedFault, staleFault, takenOverFault,
		interruptedFault, temporaryFault,
		backendFault, dataAPIFault, embedFault, stdoutFault, timeoutFault,
	}
}

func configFault(err error, t *protocol.ErrorTrace) bool {
	var e *failure.ConfigError
	if !errors.As(err, &e) {
		return false
	}
	t.FailureType, t.Message, t.Stream = protocol.ConfigError, sentence(e.Error()), e.Stream
	return true
}

func settingsFault(err error, t *protocol.ErrorTrace) bool {
	var all spec.Errors
	var one *spec.FieldError
	var catalog *protocol.CatalogError
	switch {
	case errors.As(err, &all):
		t.Message = "The configuration has errors: " + sentence(strings.TrimPrefix(all.Error(), "spec: "))
	case errors.As(err, &one):
		t.Message = "The configuration has an error: " + sentence(strings.TrimPrefix(one.Error(), "spec: "))
	case errors.As(err, &catalog):
		t.Message = strings.TrimSpace("The configured catalog "+catalog.File) + " has errors: " +
			sentence(strings.TrimPrefix(catalog.Error(), "protocol: parse catalog: "))
	default:
		return false
	}
	t.FailureType = protocol.ConfigError
	return true
}

// inputFault: an input without any message is a wrong file or a wrong pipe.
func inputFault(err error, t *protocol.ErrorTrace) bool {
	var e *protocol.InputError
	if !errors.As(err, &e) {
		return false
	}
	t.FailureType, t.Message = protocol.ConfigError, sentence(e.Error())
	return true
}

// lineFault: skipping a broken record or state would lose data behind an
// acknowledged state.
func lineFault(err error, t *protocol.ErrorTrace) bool {
	var e *protocol.LineError
	if !errors.As(err, &e) {
		return false
	}
	t.Message = fmt.Sprintf("Line %d of the input is a broken Airbyte message: %s "+
		"Everything before it is stored; nothing after it was read.", e.Line, sentence(e.Reason))
	if e.Looks != "" {
		t.Message = fmt.Sprintf("The input holds no Airbyte message up to line %d, which is a broken one: "+
			"it looks like %s.", e.Line, e.Looks)
	}
	return true
}

func rejectedFault(err error, t *protocol.ErrorTrace) bool {
	var e *intake.RejectedError
	if !errors.As(err, &e) {
		return false
	}
	t.FailureType, t.Message = protocol.ConfigError, sentence(e.Error())
	stream := e.Reject.Stream
	t.Stream = &stream
	return true
}

func staleFault(err error, t *protocol.ErrorTrace) bool {
	var e *failure.StaleJobError
	if !errors.As(err, &e) {
		return false
	}
	t.FailureType = protocol.TransientError
	what := "delete the stream's documents or use another collection"
	if e.Mark != "" {
		what = fmt.Sprintf("delete the document with the _id %q, which a killed sync has left, and the stream's documents, "+
			"or use another collection", e.Mark)
	}
	t.Message = fmt.Sprintf("%s A newer job writes this stream; nothing of it was deleted. "+
		"If no other job does, because the connection was created anew and counts its generations from the start, %s.",
		sentence(e.Error()), what)
	stream := e.Stream
	t.Stream = &stream
	return true
}

func takenOverFault(err error, t *protocol.ErrorTrace) bool {
	var e *failure.TakenOverError
	if !errors.As(err, &e) {
		return false
	}
	t.FailureType = protocol.TransientError
	t.Message = sentence(e.Error()) + " Two syncs of one stream cannot write at the same time: this one stopped. " +
		"What it acknowledged is stored."
	stream := e.Stream
	t.Stream = &stream
	return true
}

func interruptedFault(err error, t *protocol.ErrorTrace) bool {
	if !errors.Is(err, failure.ErrInterrupted) {
		return false
	}
	t.FailureType = protocol.TransientError
	t.Message = "The sync was stopped before the end of its input. What is acknowledged is stored."
	return true
}

func temporaryFault(err error, t *protocol.ErrorTrace) bool {
	var e *tally.FileError
	if !errors.As(err, &e) {
		return false
	}
	t.FailureType = protocol.ConfigError
	t.Message = sentence(fmt.Sprintf("keep track of records: temporary files in %q cannot be written; "+
		"set TMPDIR to a folder that exists and has room, about 50 bytes for each record: %v", e.Dir, e.Err))
	return true
}

func embedFault(err error, t *protocol.ErrorTrace) bool {
	var e *embed.Error
	if !errors.As(err, &e) {
		return false
	}
	switch reason, isProxy := proxy.Fault(e.Err); {
	case isProxy:
		t.FailureType = protocol.ConfigError
		t.Message = "The embedding service cannot be reached. " + proxyMessage(reason)
	case e.ConfigFault():
		t.FailureType = protocol.ConfigError
		t.Message = "The embedding service refuses what the configuration asks for: " + sentence(e.Error())
	case e.Retryable():
		t.FailureType = protocol.TransientError
		t.Message = "The embedding service did not answer as it should, also after retries: " + sentence(e.Error())
	default:
		t.Message = "The embedding service failed: " + sentence(e.Error())
	}
	return true
}

func stdoutFault(err error, t *protocol.ErrorTrace) bool {
	if !errors.Is(err, protocol.ErrStdoutClosed) {
		return false
	}
	t.FailureType = protocol.TransientError
	t.Message = "The output was closed by its reader. What is acknowledged is stored."
	return true
}

func timeoutFault(err error, t *protocol.ErrorTrace) bool {
	if !errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	t.FailureType = protocol.TransientError
	t.Message = "A call took too long: " + sentence(err.Error())
	return true
}

// sentence makes an error's text read like one: with a full stop, and with a
// capital letter unless it begins with the path of a setting.
func sentence(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if !strings.ContainsAny(first, "._:") {
		r, n := utf8.DecodeRuneInString(text)
		text = string(unicode.ToUpper(r)) + text[n:]
	}
	return ended(text)
}

// ended ends a text once, as a sentence ends. Somebody else's sentence within ours may have
// ended before, and a text that was cut ends with three dots.
func ended(text string) string {
	bare := strings.TrimRight(text, ".")
	switch dots := len(text) - len(bare); {
	case strings.HasSuffix(bare, "!"), strings.HasSuffix(bare, "?"):
		return bare
	case dots > 2:
		return bare + "..."
	}
	return bare + "."
}
