package nearby_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/nearby"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	tests := map[nearby.Place][]string{
		nearby.Nearby: {
			"localhost", "LOCALHOST.", "local.", "x.localhost", "stargate", "my_service", "data-api", "db.local", "Db.Corp.Internal.",
			"host.docker.internal", "tei.ml.svc.cluster.local", "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1",
			"100.64.0.1", "0.0.0.0", "::1", "::", "fd00::1", "fd00::1%eth0", "::ffff:10.0.0.1", "10.0.0.1.", "127.1", "2130706433",
			"0x7f.1", "0177.0.0.1", "０ｘ7f.1", "１２７.０.０.１", "bücher", "bücher.local", "db。local", "169.254.1.2",
		},
		nearby.Public: {
			"8.8.8.8", "8.8.8.8.", "8。8。8。8", "8．8．8．8", "8｡8｡8｡8", "８.８.８.８", "134744072", "0x08080808", "0X8080808", "8888",
			"010.8.8.8", "8.8.2056", "0x8.0x8.0x8.0x8", "１３４７４４０７２", "8\u00ad.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1",
			"::ffff:8.8.8.8", "::ffff:808:808", "169.254.169.254", "169.254.1.1", "0xa9fea9fe", "fe80::1", "fe80::1%eth0",
			"fd00:ec2::254", "fd00:ec2::254%eth0", "100.100.100.200", "::ffff:169.254.169.254", "0.0.0.1", "255.255.255.255",
			"224.0.0.1", "64:ff9b::10.0.0.1", "::10.0.0.1",
		},
		nearby.Elsewhere: {
			"", ".", "db.example.org", "tei.ml.svc", "public。example。org", "public．example．org", "public｡example｡org", "localhost.org",
			"evil-internal.com", "xlocal.io", "08.8.8.8", "4294967296", "1.2.3.4.5", "8.8.8.8.8", "0x", "0x8.8.8.256",
			"1_000", "0b1", "a.8", "8.local.8", "\u0378", "a\u0378.local",
		},
	}
	for want, hosts := range tests {
		for _, host := range hosts {
			require.Equal(t, want, nearby.Judge(host), "%q", host)
		}
	}
}

var errStop = errors.New("stop")

// dialled is the host that net/http connects to for a URL; ok is false when it does not, or to
// nothing that a dialer can read.
func dialled(t *testing.T, target *url.URL) (host string, ok bool) {
	transport := &http.Transport{DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
		var err error
		host, _, err = net.SplitHostPort(address)
		ok = err == nil
		return nil, errStop
	}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target.String(), nil)
	if err != nil {
		return "", false
	}
	_, err = transport.RoundTrip(request)
	require.Error(t, err)
	return host, ok
}

// FuzzJudge: the host that is judged is the one that net/http dials, and a host that
// the dialer takes for an address is never judged as a name.
func FuzzJudge(f *testing.F) {
	for _, host := range []string{"8。8。8。8", "8888", "0x08080808", "[::ffff:8.8.8.8]", "[fe80::1%25eth0]:8181", "Bücher.local:1",
		"xn--bcher-kva.local", "8％２e8", "０ｘ8.1", "\u200d.org", "a..b", "[::1]", "8.8.8.8.:80", "ß.local", "\u00ad8.8.8.8", "Xn--00000-.\u01300"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		target, err := url.Parse("http://" + host)
		if err != nil {
			return
		}
		address, ok := dialled(t, target)
		if !ok {
			return
		}
		require.Equal(t, address, nearby.Normal(target.Hostname()))
		place := nearby.Judge(target.Hostname())
		require.Equal(t, place, nearby.Judge(address), "judged twice")
		if err := nearby.Control("tcp", net.JoinHostPort(address, "80"), nil); !errors.As(err, new(*nearby.Error)) && err != nil {
			return // a name
		} else if err != nil {
			require.Equal(t, nearby.Public, place)
		} else {
			require.Equal(t, nearby.Nearby, place)
		}
	})
}
