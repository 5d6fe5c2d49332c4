package astra_test

import (
	"net/netip"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

func TestWherePlainHTTPNeedsAPrivateAddress(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"http://localhost:8181/v1":     false,
		"http://data-api/v1":           false,
		"http://Data.Local/v1":         false,
		"http://db.svc.internal./v1":   false,
		"https://db.example/v1":        false,
		"http://db.example/v1":         true,
		"http://internal.example/v1":   true,
		"http://evil-internal.com/v1":  true,
		"http://notlocal.xlocal.io/v1": true,
		"http://127.0.0.1/v1":          true, // decided by the address: loopback passes
		"http://[::1]:8181/v1":         true,
		"http://8.8.8.8/v1":            true,
	} {
		u, err := url.Parse(endpoint)
		require.NoError(t, err)
		require.Equal(t, want, astra.NeedsPrivateAddress(u), endpoint)
	}
}

func TestPrivateAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": true, "::1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true,
		"100.64.0.1": true, "169.254.1.1": true, "fd00::1": true, "::ffff:10.0.0.1": true,
		"8.8.8.8": false, "172.32.0.1": false, "100.128.0.1": false, "2001:db8::1": false,
		"::ffff:8.8.8.8": false, "0.0.0.0": false,
	} {
		require.Equal(t, want, astra.IsPrivate(netip.MustParseAddr(address)), address)
	}
}
