// Package embedtest is a stand-in for the embeddings APIs of OpenAI and of services
// compatible with it, of Azure OpenAI, and of Cohere.
//
// A [Server] answers with vectors that depend on the text alone and that are near for
// texts that share words. It is an http.Handler for tests of a whole binary (serve it
// with net/http/httptest), and an http.RoundTripper, through [Server.Transport], for
// tests without a socket. It refuses any request that the real service would refuse,
// keeps the limits it is given, counts what it did, and fails on demand ([Server.Fail]).
//
// It is for tests only: nothing that ships imports it.
package embedtest
