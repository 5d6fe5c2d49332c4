// Package protocol speaks the Airbyte protocol (version 0.3.2 of its JSON schema): one JSON
// message a line, in on stdin and out on stdout.
//
// # Reading
//
// A [Reader] returns what a destination acts on: RECORD, STATE and the STREAM_STATUS kind of
// TRACE. Everything else is skipped, with one exception that is the reason for scanning lines
// instead of decoding them: a line that starts as a RECORD or STATE message and does not parse is a
// [LineError], because skipping it would lose data behind a state that is acknowledged later.
// The scanner validates the whole line and keeps a record's data as raw JSON text.
//
// A configured catalog is read once, by [ParseCatalog], which names every problem by its path.
//
// # Writing
//
// A [Writer] is the only writer of stdout. It echoes a state byte for byte and patches in
// nothing but destinationStats, because the platform adds properties of its own (such as an id)
// and looks for them in the answer. [NewLogHandler] turns log/slog records into LOG messages.
//
// Names are the protocol's own; members are compared exactly (not case-folded), and of
// duplicate members the last one counts, as in the JSON parsers of Python and Java.
package protocol
