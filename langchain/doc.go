// Package langchain lets a langchaingo program use an Astra DB collection, and so read
// what the connector wrote: [Store] is a vectorstores.VectorStore over the Data API
// client of package astra, [Embedder] an embeddings.Embedder over those of package embed.
//
// A search must embed its query as the stored documents were embedded: with the embedder
// of the connector's configuration, whose name is in each document's _ab_embedder.
//
// The package is a library. The connector's binary does not contain it.
package langchain
