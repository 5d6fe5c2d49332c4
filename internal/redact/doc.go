// Package redact takes secrets out of texts that came from elsewhere: servers and gateways
// quote the requests that they refuse, keys and tokens included.
package redact
