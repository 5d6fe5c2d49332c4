// Package astra is a client of the Data API, the JSON interface of Astra DB and of
// self-hosted Cassandra, DSE and HCD.
//
//	client, err := astra.NewClient(astra.Options{Endpoint: endpoint, Token: token})
//	articles := client.Database("default_keyspace").Collection("articles")
//	result, err := articles.InsertMany(ctx, documents)
//
// A [Client] knows one endpoint, a [Database] adds a keyspace, a [Collection] a
// collection. They are cheap values over one connection pool and are safe for
// concurrent use. Commands and fields have the Data API's own names.
//
// # Errors
//
// The Data API answers nearly every failure with HTTP 200 and an errors array. Each
// becomes an [Error] that holds the server's fields verbatim; match on
// [Error.HasCode], which also knows the codes of older servers, never on the text.
// [Error.Retryable] says whether a repeat may help, [Error.OutcomeUnknown] whether the
// command may have been applied or may still be: a server that times out after 20 s
// has been seen to apply an insert later. [Error.NothingSent] is the opposite: the
// connection was never made. No error contains the token.
//
// # Repeats
//
// Every command is repeated within [Options].Retry while its error is retryable. All
// commands here are harmless to repeat, provided that an update sets values ($set,
// $unset) and documents carry their own _id, as [Document] demands. InsertMany sends
// again only what is not yet known to be stored, and tells in a [BatchError] what
// became of each document.
//
// # What a caller must not assume
//
// Pages have no fixed size and may be empty; a deletion stops after 20 documents and
// an update after a page. FindAll, DeleteMany and UpdateMany therefore go on until the
// server says that nothing is left.
//
// The package logs nothing: [Options].OnRetry tells the caller about repeats.
package astra
