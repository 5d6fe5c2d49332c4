// Package models knows the embedding models that providers document: how long their vectors
// are, what a request may hold and what it costs. The configuration judges by it before anything
// is asked, and the embedders by the same when they ask.
package models
