// Package check proves, before anything is written, that a write with a configuration can work.
package check
