// Package blackbox runs the built binary as the Airbyte platform and people run it: files and
// stdin in, protocol messages and an exit code out, a Data API on the other side. It is the
// vocabulary of the tests beside it, which import it with a dot: Note, State and StreamNamed
// make the input, Job and Process run the binary, Result and DataAPI tell what came of it.
package blackbox
