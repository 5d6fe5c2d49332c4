// Package retry repeats an operation while its error says that a repeat may help.
//
// [Do] knows nothing of HTTP or of any server. It asks the error itself, through
// two one-method interfaces that a client's error type implements without
// importing this package:
//
//	interface{ Retryable() bool }             // may another attempt succeed, and is it safe?
//	interface{ RetryAfter() time.Duration }   // how long the server wants to be left alone
//
// Patience is a time, not a number of attempts: Do goes on until its budget ends.
// Waits grow exponentially with full jitter: each is drawn evenly between zero
// and a ceiling that doubles, and that is higher after an attempt that took long.
// Many calls that fail together therefore do not come back together. A server's
// RetryAfter is a floor under the drawn wait.
//
// The package reads the time only through package time, so that tests run it
// under testing/synctest without waiting.
package retry
