package connector

import (
	"fmt"

	"destination-astra/embed"
	"destination-astra/internal/clients"
	"destination-astra/internal/intake"
)

// Connector carries out the commands that take records: write, plan and verify. Its methods are
// not meant to run at the same time.
type Connector struct {
	*clients.Clients
	pace *pace
}

// New makes a connector of opened clients. It does not close them.
func New(c *clients.Clients) *Connector {
	return &Connector{Clients: c, pace: newPace(c.Client.Concurrency)}
}

// Usage adds up what the services have cost since the connector was made.
func (c *Connector) usage() intake.Usage {
	u := intake.Usage{Retries: c.Repeats.Load()}
	if e, ok := c.Embedder.(interface{ Usage() embed.Usage }); ok {
		spent := e.Usage()
		u.Tokens = spent.Tokens
		u.Retries += spent.Retries
	}
	return u
}

// cost is what the tokens cost by the provider's list price, as far as known.
func (c *Connector) cost(u intake.Usage) string {
	e := c.Config.Embedding
	dollars, ok := embed.Cost(e.Mode, e.Model, u.Tokens)
	if !ok {
		return "unknown"
	}
	return fmt.Sprintf("$%.6f (list price of %s)", dollars, embed.PricesDate)
}
