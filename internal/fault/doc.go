// Package fault decides what an error means for the user: whose fault it is, a message that
// names the setting and what to do, and what goes to those who look deeper.
package fault
