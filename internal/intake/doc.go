// Package intake is the ordered middle that write, plan and verify share: messages are read ahead
// within a budget of memory, records become documents on several cores, and one goroutine puts
// everything in order. It numbers equal records, keeps the versions of a key apart, gathers batches
// and hands them to a [Sink]; states leave through the [Ledger] once everything before them has
// landed. It knows nothing of the Data API and of what is stored.
package intake
