// Package suites runs whole suites of other clients, their makers' or our own, against the command
// local. It is a package of its own because they take a minute, which its limit bounds.
package suites
