// Package commands tests what the commands answer, and what they say to a wrong configuration,
// a wrong catalog, or a wrong command line.
package commands
