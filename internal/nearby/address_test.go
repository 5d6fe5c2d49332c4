package nearby_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/nearby"
)

func TestAllows(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1": true, "::1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true,
		"100.64.0.1": true, "fd00::1": true, "::ffff:10.0.0.1": true, "fd00::1%eth0": true, "0.0.0.0": true, "::": true,
		"169.254.1.2": true,
		"8.8.8.8":     false, "172.32.0.1": false, "100.128.0.1": false, "2001:db8::1": false, "::ffff:8.8.8.8": false,
		"169.254.1.1": false, "169.254.169.254": false, "::ffff:169.254.169.254": false, "169.254.170.2": false,
		"fe80::1": false, "fe80::1%eth0": false, "100.100.100.200": false, "fd00:ec2::254": false, "fd00:ec2::254%x": false,
		"ff02::1": false, "224.0.0.1": false, "255.255.255.255": false,
	} {
		require.Equal(t, want, nearby.Allows(netip.MustParseAddr(address)), address)
	}
	require.False(t, nearby.Allows(netip.Addr{}))
}

func TestControl(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"8.8.8.8:80":                "8.8.8.8 is a public address",
		"[2001:db8::1]:80":          "2001:db8::1 is a public address",
		"169.254.169.254:80":        "169.254.169.254 is the address of a cloud's metadata service",
		"[fe80::1%eth0]:80":         "fe80::1%eth0 is a link-local address",
		"[::ffff:169.254.7.7]:8181": "::ffff:169.254.7.7 is a link-local address",
		"stargate:8181":             "stargate",
	} {
		err := nearby.Control("tcp", address, nil)
		require.ErrorIs(t, err, nearby.ErrNotPrivate, address)
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, nearby.Control("tcp", "127.0.0.1:80", nil))
}

// TestControlSeesTheAddressOfAName: it runs behind the resolver.
func TestControlSeesTheAddressOfAName(t *testing.T) {
	t.Parallel()
	dialer := &net.Dialer{Control: nearby.Control}
	_, err := dialer.DialContext(t.Context(), "tcp", "localhost:1")
	require.Error(t, err)
	require.NotErrorIs(t, err, nearby.ErrNotPrivate)
	_, err = dialer.DialContext(t.Context(), "tcp", "192.0.2.1:1")
	require.ErrorIs(t, err, nearby.ErrNotPrivate)
}
