package astra

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"destination-astra/internal/proxy"
	"destination-astra/internal/retry"
)

// Client sends commands to one Data API. It is made by [NewClient] and is safe for
// concurrent use.
type Client struct {
	endpoints     []string
	chosen        atomic.Int32 // 0 not yet known, else 1 + index in endpoints
	credentials   *credentials
	userAgent     string
	transport     http.RoundTripper
	ownTransport  *proxy.Transport // nil when the caller gave one
	dataTimeout   time.Duration
	schemaTimeout time.Duration
	policy        retry.Policy
	onRetry       func(RetryEvent)
	pace          *pace
	waits         *waits
	buffers       sync.Pool
}

// NewClient checks the options and returns a client; it sends nothing. Its errors name
// what is wrong with the endpoint or the token and never repeat the token.
func NewClient(o Options) (*Client, error) {
	creds, err := newCredentials(o.Token, o.EmbeddingAPIKey)
	if err != nil {
		return nil, fmt.Errorf("astra: %w", err)
	}
	c := &Client{
		credentials:   creds,
		userAgent:     o.UserAgent,
		transport:     o.Transport,
		dataTimeout:   orDefault(o.RequestTimeout, DefaultRequestTimeout),
		schemaTimeout: orDefault(o.SchemaTimeout, DefaultSchemaTimeout),
		policy:        o.Retry,
		onRetry:       o.OnRetry,
		pace:          newPace(o.Concurrency, o.Retry),
		waits:         &waits{tell: o.OnWait, all: map[*waiting]bool{}},
	}
	for _, raw := range []string{o.Endpoint, o.AlternateEndpoint} {
		if raw == "" && len(c.endpoints) > 0 {
			continue
		}
		u, err := parseEndpoint(raw)
		if err != nil {
			return nil, fmt.Errorf("astra: %w", creds.redact.Error(err))
		}
		c.endpoints = append(c.endpoints, u.String())
	}
	if c.transport == nil {
		c.ownTransport = newTransport()
		c.transport = c.ownTransport
	}
	return c, nil
}

// String names the endpoint, never the token.
func (c *Client) String() string {
	return "astra.Client(" + c.Endpoint() + ")"
}

// Endpoint is the base URL in use: of two, the first until the second proved right.
func (c *Client) Endpoint() string {
	return c.endpoints[max(0, c.chosen.Load()-1)]
}

// Concurrency is how many calls may be under way at a time now: the client itself holds
// the others back. Callers that prepare work for it need not prepare more.
func (c *Client) Concurrency() int { return c.pace.concurrency() }

// Close closes the idle connections of the client's own transport. The client may be
// used afterwards.
func (c *Client) Close() {
	if c.ownTransport != nil {
		c.ownTransport.CloseIdleConnections()
	}
}

// Database returns the database's view of one keyspace. It sends nothing.
func (c *Client) Database(keyspace string) *Database {
	return &Database{client: c, keyspace: keyspace}
}

// FindKeyspaces returns the names of all keyspaces, the system's included where the
// server lists them. It is the cheapest command that proves endpoint and token.
func (c *Client) FindKeyspaces(ctx context.Context) ([]string, error) {
	k := c.call("findKeyspaces")
	k.complete = func(r *reply) bool { return r.Status.Keyspaces != nil }
	r, err := c.execute(ctx, k, object{})
	if err != nil {
		return nil, err
	}
	return r.Status.Keyspaces, nil
}

func (c *Client) call(command string) call {
	return call{command: command, endpoint: c.Endpoint(), timeout: c.dataTimeout}
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}
