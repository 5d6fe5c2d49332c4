package localastra

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// apiError is one entry of the errors array of a response.
type apiError struct {
	code        string
	message     string
	documentIDs []value
}

// newError makes an error of the table; what the code means is in errorTable. A code
// that is not in the table would have neither family nor title, so the fuzz tests send
// everything they can think of and look for empty ones.
func newError(code, message string) *apiError { return &apiError{code: code, message: message} }

// errorf is newError with a formatted message. Messages follow the wording of the Data
// API closely enough to help people who search for them; clients should look at codes,
// because the wording changes between versions.
func errorf(code, format string, args ...any) *apiError {
	return newError(code, fmt.Sprintf(format, args...))
}

// Error lets an apiError travel through a transaction.
func (e *apiError) Error() string { return e.code + ": " + e.message }

// of names the documents that the error is about. It returns a copy: one error may be
// the answer to several documents of an insert.
func (e *apiError) of(ids ...value) *apiError {
	return &apiError{code: e.code, message: e.message, documentIDs: ids}
}

// json is the error object as the Data API prints it, under a new id. The id of the
// real server leads to a line in its log. This one keeps no such log, so the id is only
// there to be unique.
func (e *apiError) json() value {
	class := errorTable[e.code]
	fields := []field{
		{"id", stringValue(newUUID(4).text)},
		{"family", stringValue(class.family)},
		{"scope", stringValue(class.scope)},
		{"errorCode", stringValue(e.code)},
		{"title", stringValue(class.title)},
		{"message", stringValue(e.message)},
	}
	if len(e.documentIDs) > 0 {
		fields = append(fields, field{"documentIds", arrayValue(e.documentIDs)})
	}
	return objectValue(fields...)
}

// invalidValue is COMMAND_FIELD_VALUE_INVALID for a field such as
// "command.options.limit". The value that was sent is repeated in the message, as the
// real server does, because it is often not the one that was meant.
func invalidValue(path string, got value, problem string) *apiError {
	shown := got.json()
	if got.kind == kindNull {
		shown = "`null`"
	}
	return errorf("COMMAND_FIELD_VALUE_INVALID", "Command field '%s' value %s not valid: %s."+
		"\n\nResend command with valid value.", path, shown, problem)
}

// serverError is what this server says when its own file fails. Clients treat family
// SERVER as worth a repeat after a look at the message, which is what a full disk or a
// disk that was in the way deserves. A damaged file is not mended by a repeat.
func serverError(err error) *apiError {
	if damaged := new(DamagedError); errors.As(err, &damaged) {
		return newError("CORRUPTED_COLLECTION_SCHEMA", damaged.Error())
	}
	return errorf("UNEXPECTED_SERVER_ERROR", "An unexpected server error occurred while processing the request. "+
		"\n\nError Message: %v\n\nReview the Error Message before retrying this request.", err)
}

// newUUID makes a random UUID of version 4, or of version 7 when time is set. Version 6
// has random time bits here: nothing may be concluded from them.
func newUUID(version byte) value {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return stampUUID(b, version)
}

// stampUUID writes version and variant of RFC 9562 over random bytes and prints them in
// the usual form of five groups.
func stampUUID(b [16]byte, version byte) value {
	b[6] = b[6]&0x0F | version<<4
	b[8] = b[8]&0x3F | 0x80
	return stringValue(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}
