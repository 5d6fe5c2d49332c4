// Package document turns an Airbyte record into the documents that stand for it in an Astra DB
// collection. It is pure: no I/O, no clock, no randomness. The same record, stream and options
// always give the same documents, byte for byte.
//
// A [Builder] does five things with a record:
//
//   - it reads the data into an ordered tree that keeps every number as it was written, so that
//     no digit is lost on the way;
//   - it writes the selected fields as text, line by line, in Python's notation (None, True,
//     1e+16), because that is the text which existing collections were embedded from, and lets
//     a [chunk.Splitter] cut it;
//   - it stores the selected fields as metadata, under names that the Data API accepts
//     ([EscapeName]), with strings too long for an index under _ab_long;
//   - it refuses what the Data API would refuse, with a [RejectError] that names the field, so
//     that a batch never fails for one document in it;
//   - it names each document after what is in it.
//
// # Identity
//
// A document's _id is 64 hex digits: the key hash says whose document it is, the content hash
// what it says. An unchanged record therefore builds documents that are already stored, and a
// changed one builds others under the same key hash. What a record's identity is depends on how
// its stream is written ([Identity]). The content hash covers the canonical JSON of the stored
// document: members sorted by the bytes of their names, numbers as they were written, escapes
// only where JSON demands them. It leaves out _id, $vector, _ab_generation_id and _ab_attempt.
//
// # Long strings
//
// The Data API indexes strings of at most 8,000 bytes. A longer one in an indexed field moves
// whole to the same path under _ab_long, which the collection does not index: {"a": {"b": S}}
// becomes {"a": {}, "_ab_long": {"a": {"b": S}}}. In an array null keeps its place, and the
// element's index stands for a name: {"a": ["x", S]} becomes {"a": ["x", null], "_ab_long":
// {"a": {"1": S}}}. So the other elements keep their positions, and all of it can be undone.
package document
