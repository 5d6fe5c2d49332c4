// Package suites runs the tests of other clients, written by their makers, against the command
// local. It is a package of its own because they take a minute, which its limit bounds.
package suites
