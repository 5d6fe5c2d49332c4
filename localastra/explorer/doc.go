// Package explorer is a page for people to look at the collections of a Data API server.
//
// The page sends Data API commands like any other client. [Explorer] serves its files, and
// answers the three questions that the Data API has no command for: what the server can do,
// the vector of a text, and a map of a collection. It asks the server through [Data], and
// imports nothing of it, so that neither a command nor what is stored depends on a page.
package explorer
