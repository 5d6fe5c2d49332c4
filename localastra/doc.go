// Package localastra is a Data API server in one process: the collections of an
// Astra DB database, kept in memory or in one file, behind the JSON commands that
// Data API clients send.
//
// [Open] returns a [Server], which is an [net/http.Handler]. It is reached in three
// ways: through [Server.Transport] without any socket, through [Server.Serve] on a
// listener, or mounted in another server. The base paths are /v1 and /api/json/v1.
//
// It answers as Data API v1.0.51 was observed to answer: the same limits, the same
// error codes with their family, scope and title, the same pages and partial
// results. What passes here is meant to pass there. [Options].Backend "cassandra"
// also refuses what the Data API on Apache Cassandra 5.0 refuses ($ne, $nin, $not,
// $exists: false, ranges, a filter beside a $vector sort).
//
// Two things differ on purpose: documents are read in the order of their insertion
// (the real server reads in an order that looks random), and writes to one _id from
// several clients never fail with FAILED_CONCURRENT_OPERATIONS.
//
// An acknowledged write is on disk. Concurrent writes share one transaction. Vector
// searches are exact scans over vectors that are loaded on first use. Filters use
// equality indexes that are built in memory on first use of a path.
//
// For tests, [Server.Control] answers or delays chosen commands, and
// [Server.Counters] tells what was asked.
//
// The package shares no code with the client of this module, so that no shared type
// can hide a shared misreading.
package localastra
