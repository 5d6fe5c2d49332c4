// Package failure has the errors that commands share: each says whose fault it is, and package fault
// turns it into what users see.
package failure
