// Package connector is the destination itself: it turns a configuration, a
// configured catalog and a stream of Airbyte messages into documents in an
// Astra DB collection, and tells the platform what is safely stored.
//
// A sync is a diff. Each record becomes documents whose _id is a hash of whose
// they are and of what they hold (package document). For a batch of records
// one read finds which of these documents exist; only the missing ones are
// embedded and inserted, and the documents of an older version of a record are
// deleted after the new ones are stored. A retry therefore writes nothing
// twice, an unchanged record costs no embedding, and a reader never sees a gap.
//
// [Connector.Write] runs the pipeline
//
//	stdin -> parse -> document and chunk -> diff -> embed -> insert -> delete stale -> ledger -> stdout
//
// with one [golang.org/x/sync/errgroup.Group]. Order is kept where it matters:
// records of one key are applied in the order in which they came, and states
// leave in the order in which they came, each only after everything before it
// is stored (the ledger). Memory is bounded by the bytes in flight.
//
// Write, plan and verify are three sinks of one ordered middle, package intake: the first
// stores its batches, the others compare them with what is stored. Each file is the answer to
// one question: what is stored (stored, lookup), what is missing (diff), when a vector need not be
// made (reuse, cache), who else writes (fence), when a late write is waited for (settle), which
// generation may touch what (generations), whether the embedder changed (drift), and what goes at
// the end (finalise). Opened clients come from package clients, and package fault
// decides what an error means for the user.
package connector
