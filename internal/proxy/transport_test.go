package proxy_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sync/errgroup"

	"destination-astra/internal/nearby"
)

// resolver finds the same address for every name.
func resolver(t *testing.T, address string) *net.Resolver {
	t.Helper()
	var serving errgroup.Group
	t.Cleanup(func() { require.NoError(t, serving.Wait()) })
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		serving.Go(func() error {
			defer server.Close()
			for answerQuestion(server, netip.MustParseAddr(address)) == nil {
			}
			return nil
		})
		return client, nil
	}}
}

// answerQuestion reads one question in the form of TCP and answers it.
func answerQuestion(connection net.Conn, address netip.Addr) error {
	size := make([]byte, 2)
	if _, err := io.ReadFull(connection, size); err != nil {
		return err
	}
	text := make([]byte, binary.BigEndian.Uint16(size))
	if _, err := io.ReadFull(connection, text); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(text); err != nil {
		return err
	}
	m.Response, m.Additionals = true, nil
	header := dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 1}
	switch kind := m.Questions[0].Type; {
	case kind == dnsmessage.TypeA && address.Is4():
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: address.As4()}}}
	case kind == dnsmessage.TypeAAAA && address.Is6():
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}}}
	}
	text, err := m.Pack()
	if err != nil {
		return err
	}
	_, err = connection.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(text))), text...))
	return err
}

// names are of every kind that an endpoint in plain http may have.
func names() []string {
	return []string{"stargate", "my_service", "db.local", "host.docker.internal", "metadata.google.internal",
		"tei.ml.svc.cluster.local", "data-api.astra.svc", "db.example.org", "public。example。org", "public．example．org", "bücher.example"}
}

// TestNamesOfPublicAddresses: plain http goes to no public address, whatever its name.
func TestNamesOfPublicAddresses(t *testing.T) {
	for _, address := range []string{"192.0.2.1", "2001:db8::1", "169.254.169.254", "fe80::1", "100.100.100.200", "fd00:ec2::254"} {
		for _, name := range names() {
			_, err := ask(t, "http://"+name+":8181/v1", net.Dialer{Resolver: resolver(t, address)}, time.Minute)
			require.ErrorIs(t, err, nearby.ErrNotPrivate, "%s at %s", name, address)
			require.ErrorContains(t, err, address+" is ")
		}
	}
}

// TestNamesOfPrivateAddresses: plain http goes to what is nearby, whatever its name.
func TestNamesOfPrivateAddresses(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	for _, name := range names() {
		response, err := ask(t, "http://"+name+":"+u.Port(), net.Dialer{Resolver: resolver(t, "127.0.0.1")}, time.Minute)
		require.NoError(t, err, name)
		require.Equal(t, http.StatusNotFound, response.StatusCode)
	}
}

// TestNameOfThePublicProxy: the proxy of plain http may not be at a public address either, and
// that of https may.
func TestNameOfThePublicProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "proxy.internal:3128")
	t.Setenv("HTTPS_PROXY", "proxy.internal:3128")
	t.Setenv("NO_PROXY", "")
	dialer := net.Dialer{Resolver: resolver(t, "192.0.2.1"), Timeout: time.Nanosecond}
	_, err := ask(t, "https://astra.invalid", dialer, time.Minute)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "public")

	dialer.Timeout = 0
	_, err = ask(t, "http://10.1.2.3/v1", dialer, time.Minute)
	require.ErrorContains(t, err, "is at 192.0.2.1, a public address")
}

// TestPlainHTTPThroughAProxy: a proxy of the own network is asked for what is nearby, and passed
// by for what may be anywhere, whose address it would choose.
func TestPlainHTTPThroughAProxy(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host)
	}))
	t.Cleanup(server.Close)
	t.Setenv("HTTP_PROXY", server.URL)
	t.Setenv("NO_PROXY", "skipped")
	dialer := net.Dialer{Resolver: resolver(t, "192.0.2.1")}
	for _, host := range []string{"stargate", "10.1.2.3", "db.local"} {
		_, err := ask(t, "http://"+host, dialer, time.Minute)
		require.NoError(t, err, host)
	}
	require.Equal(t, []string{"stargate", "10.1.2.3", "db.local"}, asked)
	for _, host := range []string{"db.example.org", "skipped", "8.8.8.8"} {
		_, err := ask(t, "http://"+host, dialer, time.Minute)
		require.ErrorIs(t, err, nearby.ErrNotPrivate, host)
	}
	require.Len(t, asked, 3)
}
