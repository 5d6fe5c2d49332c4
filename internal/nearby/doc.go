// Package nearby says where plain http may go. What it carries can be read by everybody on
// the way, so it goes to loopback and private addresses only. A host's name is judged as
// early as possible, for a message that comes at once; its address is checked whenever a
// connection is made, for names lie.
package nearby
