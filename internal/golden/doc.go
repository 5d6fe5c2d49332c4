// Package golden compares what a test got with a file under the package's testdata directory.
//
// A golden file is worth its place where the exact bytes are the contract: a printed protocol line, a
// request body, the configuration's schema. A test names the file and hands over the bytes:
//
//	golden.Assert(t, "check_failed.jsonl", stdout.Bytes())
//
// The name is a slash-separated path below testdata, with its extension. Large files end in .gz: their
// content is compared unpacked, so the level of compression never matters.
//
// # Updating
//
// GOLDEN_UPDATE=1 in the environment writes what the test got instead of comparing it:
//
//	GOLDEN_UPDATE=1 go test ./spec
//
// It is an environment variable and not a flag, because a flag would be unknown to the test binaries of
// packages without golden files, and `go test -update ./...` would fail in those. Read the diff of the files
// before committing it: an update accepts everything.
//
// The package is for tests only; no shipped package imports it.
package golden
