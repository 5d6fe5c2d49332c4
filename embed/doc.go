// Package embed turns texts into vectors.
//
// [Embedder] is the one interface; each provider is a struct that implements it:
//
//   - [Fake] computes its vectors from the words of a text, without any service.
//   - [OpenAI] and [AzureOpenAI] ask OpenAI, and a deployment of its models at Azure.
//   - [OpenAICompatible] asks a service that speaks OpenAI's embeddings API.
//   - [Cohere] asks Cohere, for texts and for questions in different ways.
//
// One embedder serves a whole run, from any number of goroutines. A call of Embed with
// many texts packs them into requests by count, tokens and bytes; a service that
// refuses a request as too large teaches it a lower limit, and no text that was
// accepted is sent again. How many requests are under way at a time adapts to the
// service, and what its rate limits and the user's ceilings leave is shared by all
// calls. A wait is told to [Common.OnWait].
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
// A provider is a dialect: how its requests are written, in which forms, and how its
// replies are read. The rest is shared: a client does pace, deadlines, retries, error
// replies and redaction, and a service does packing, long texts and learning. Every
// provider runs the conformance suite in conformance_test.go, and stands in the table
// of providers_test.go.
package embed
