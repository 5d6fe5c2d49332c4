// Package cli is the command line of destination-astra: its commands, flags,
// messages and exit codes. [Run] takes everything it needs from the operating
// system as arguments, so that tests can call it as the system would.
//
// The commands of the Airbyte protocol (spec, check, discover, read, write)
// print protocol messages on stdout and nothing else; their errors are TRACE
// messages. The other commands (local, demo, version) are for people.
package cli
