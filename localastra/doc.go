// Package localastra is a Data API server in one process: the collections of an
// Astra DB database, kept in memory or in one file, behind the JSON commands that
// Data API clients send.
//
// [Open] returns a [Server], which is an [net/http.Handler]. It is reached in three
// ways: through [Server.Transport] without any socket, through [Server.Serve] on a
// listener, or mounted in another server. The base paths are /v1 and /api/json/v1.
//
// # Faithful
//
// It answers as Data API v1.0.51 was observed to answer: the same limits, the same
// error codes with their family, scope and title, the same pages and partial
// results. What passes here is meant to pass there. [Options].Backend "cassandra"
// also refuses what the Data API on Apache Cassandra 5.0 refuses ($ne, $nin, $not,
// $exists: false, ranges, a filter beside a $vector sort, lexical search), and serves
// /v1 only.
//
// Four things differ on purpose. Documents are read in the order of their insertion,
// where the real server's order looks random. estimatedDocumentCount is exact.
// findAndRerank orders by reciprocal rank fusion and runs no reranking model. And
// there are collections only, no tables. Captured requests whose answers differ are
// listed in testdata/deviations.txt.
//
// # Durable and fast
//
// An acknowledged write is on disk. Concurrent writes share one transaction, and so
// one fsync. Vector searches are exact scans over vectors that are loaded on first
// use and stay in memory: 4 bytes for each dimension of each document. Filters use
// equality indexes, and lexical searches an index of words, that are built in memory
// on first use of a field. Nothing else of the documents stays there.
//
// # Texts
//
// With [Options].Embed, collections may have an embedding service: $vectorize and
// $hybrid then become vectors, in documents, updates and searches. [NewEmbedder]
// makes such a function for any OpenAI-compatible service.
//
// # For people and for tests
//
// [Options].Explorer serves a page to look at the data, [Options].Log writes a line
// for each request, [Options].Latency and [Options].Faults make the server as slow
// and as unreliable as a network. [Server.Control] answers or delays chosen commands,
// and [Server.Counters] tells what was asked.
//
// The package shares no code with the client of this module, so that no shared type
// can hide a shared misreading.
package localastra
