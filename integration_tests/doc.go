// Package integration_tests tests the built binary from outside, as the Airbyte
// platform and people run it: files and stdin in, protocol messages and an exit
// code out, a Data API on the other side.
package integration_tests
