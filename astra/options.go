package astra

import (
	"fmt"
	"net/http"
	"time"

	"destination-astra/internal/redact"
	"destination-astra/internal/retry"
)

// Defaults and limits of a [Client]; those of the server are with [MaxInsertDocuments].
const (
	// DefaultRequestTimeout bounds one attempt of a data command. The server gives up
	// on its database after 20 s (Data API v1.0.51, observed), so less would hide its answer.
	DefaultRequestTimeout = 30 * time.Second
	// DefaultSchemaTimeout bounds one attempt of createCollection and deleteCollection;
	// a vector collection took 13 to 16 s to create (Data API v1.0.51, observed).
	DefaultSchemaTimeout = 90 * time.Second
	// DefaultConcurrency: more than four concurrent calls brought a Data API on two
	// cores nothing (Data API v1.0.51 on Cassandra 5, observed).
	DefaultConcurrency = 4
	// MaxConcurrency is the most calls that a client has under way at a time.
	MaxConcurrency = 16
	// MaxRequestBytes is the largest request body this client sends. The server refuses
	// more than 20 MiB (quarkus.http.limits.max-body-size) by closing the connection.
	MaxRequestBytes = 16 << 20
	// MaxReplyBytes is the largest answer that this client reads to a command that asks for ids,
	// counts and short fields. A hundred vectors of 4,096 dimensions in their longest form,
	// arrays of numbers, have 10 MB.
	MaxReplyBytes = 32 << 20
	// MaxPageBytes is the largest answer to a find for whole documents: a page of 50 with
	// 4,000,000 characters each, the most that a document has (Data API v1.0.51, observed).
	MaxPageBytes = 200_000_000
)

// Options configure a [Client]. Only Endpoint is needed.
type Options struct {
	// Endpoint is the base URL up to and including the API's version, such as
	// https://ID-REGION.apps.astra.datastax.com/api/json/v1 or http://localhost:8181/v1.
	// User information, a query or a fragment in it is refused. Plain http goes to loopback
	// and private addresses only: another one is ErrNotPrivate, at once where the host is an
	// address, and when it is dialled where it is a name.
	Endpoint string
	// AlternateEndpoint, when set, is tried when Endpoint answers its first command
	// with an empty 404, which the Data API does for an unknown path. The one that
	// knows the path is used from then on.
	AlternateEndpoint string
	// Token goes into the Token header; it is left out when empty.
	Token string
	// EmbeddingAPIKey goes into the x-embedding-api-key header, for collections that embed
	// with a key of the caller's; it is left out when empty.
	EmbeddingAPIKey string
	// UserAgent is sent as it is; see [UserAgent].
	UserAgent string
	// Transport replaces the client's own pool of HTTP/1.1 connections, for tests and
	// for a server in the same process. It must not follow redirects, and where plain http
	// may go is then its own business.
	Transport http.RoundTripper
	// RequestTimeout and SchemaTimeout bound one attempt, reading the answer included;
	// 0 means the defaults. The whole command is bounded by ctx and Retry.
	RequestTimeout, SchemaTimeout time.Duration
	// Concurrency is how many calls are under way at a time at first; it adapts to how
	// the server does, from 1 to
	// MaxConcurrency. 0 means DefaultConcurrency.
	Concurrency int
	// Retry says for how long a command is repeated. Its Budget is the patience with the
	// whole service: waits in the queue before the first attempt do not count, nor does
	// a 429 while other calls go well.
	Retry retry.Policy
	// OnRetry, when set, is called before each wait, possibly from several goroutines.
	OnRetry func(RetryEvent)
	// OnWait, when set, is told at most every 10 seconds that calls wait, and why. Its
	// calls do not overlap.
	OnWait func(WaitEvent)
}

// RetryEvent tells the caller that a command is going to be repeated.
type RetryEvent struct {
	// Command is the Data API's name, such as insertMany.
	Command string
	// Keyspace and Collection are empty where the command has none.
	Keyspace, Collection string
	// Attempt is the attempt that failed, from 1; Wait is how long the client waits now.
	Attempt int
	Wait    time.Duration
	// Err is why; mostly an *Error.
	Err error
}

// Format prints the options without the token, whatever the verb, also when it was
// put into the endpoint by mistake.
func (o Options) Format(f fmt.State, _ rune) {
	endpoint := redact.New(o.Token).Text(o.Endpoint)
	fmt.Fprintf(f, "astra.Options{Endpoint: %q, Token: %s}", endpoint, redact.Mark)
}

// UserAgent is the User-Agent of this connector in the given version. The Data API
// takes its first product as the name of the caller.
func UserAgent(version string) string {
	if version == "" {
		version = "dev"
	}
	return "airbyte/destination-astra/" + version + " (go)"
}
