// Package embed turns texts into vectors.
//
// [Embedder] is the one interface; each provider is a struct that implements it:
//
//   - [Fake] computes its vectors from the words of a text, without any service.
//   - [OpenAICompatible] asks a service that speaks OpenAI's embeddings API.
//
// An Embedder either returns one good vector per text or an error: replies are
// never trusted. Count, order, dimension, finiteness and non-zero length are
// checked before a vector leaves the package.
//
// # Errors
//
// Every failure of a service is an [*Error] with the service's own status, code
// and message, and with the configuration setting that would cure it. Whether
// another attempt may help, and whether the user has to change something, are
// questions to ask it: [Error.Retryable], [Error.ConfigFault]. Providers have
// already repeated what is worth repeating when they return an error. An error
// that a cancelled context caused wraps the context's error.
//
// API keys appear in no error, no fingerprint and no formatted value.
//
// # Adding a provider
//
// A provider builds a client (authentication, endpoint, names of its settings),
// its request bodies and, unless it answers as OpenAI does, a decoder. The client
// does deadlines, retries, error replies and redaction. Every provider runs the
// conformance suite in conformance_test.go.
package embed
