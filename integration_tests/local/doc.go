// Package local tests the Data API of the command local: with the clients of others, in a
// browser, and by the shell commands of its page.
package local
