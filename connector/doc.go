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
// The package is the only one that knows both the configuration (package spec)
// and the clients (packages embed and astra); it alone decides what an error
// means for the user ([Classify]).
package connector
