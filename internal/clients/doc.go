// Package clients opens what a configuration names, the Data API's database and the embedder, for
// every command: it is the seam between the commands and the services. It knows the configured
// collection: what a sync needs of it, how it is created, whether it fits.
package clients
