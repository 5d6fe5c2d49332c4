package localastra_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

// pipes is a listener whose connections are pipes: they obey the clock of a test, and
// what a server does not read cannot be written.
type pipes struct {
	arrived chan net.Conn
	closed  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.arrived:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	close(p.closed)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// dial connects to the server.
func (p pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.arrived <- server
	return client
}

// served runs the server behind pipes until the test ends.
func served(t *testing.T) pipes {
	t.Helper()
	p := pipes{make(chan net.Conn), make(chan struct{})}
	c := openVec(t)
	group, ctx := errgroup.WithContext(t.Context())
	group.Go(func() error { return c.server.Serve(ctx, p) })
	t.Cleanup(func() { require.NoError(t, group.Wait()) })
	return p
}

// head is that of a command whose body has so many bytes.
func head(bytes int) string {
	return fmt.Sprintf("POST /v1/%s/c HTTP/1.1\r\nHost: localhost\r\nToken: t\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\n\r\n", localastra.DefaultKeyspace, bytes)
}

// TestStalledRequestsEnd connects and then says nothing, or not all, or does not listen. No
// connection outlives its limit.
func TestStalledRequestsEnd(t *testing.T) {
	tests := map[string]struct {
		sent   string
		within time.Duration
	}{
		"nothing":          {"", 10 * time.Second},
		"half a head":      {"POST /v1 HTTP/1.1\r\nHo", 10 * time.Second},
		"half a body":      {head(19_500_000) + `{"insertMany":`, 2 * time.Minute},
		"between requests": {head(11) + `{"find":{}}`, 2 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := served(t).dial()
				began := time.Now()
				_, err := io.WriteString(conn, test.sent)
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, conn)
				require.NoError(t, err, "the server closes the connection")
				require.Equal(t, test.within, time.Since(began).Truncate(time.Second))
			})
		})
	}
	t.Run("an answer that nobody reads", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn := served(t).dial()
			_, err := io.WriteString(conn, head(11)+`{"find":{}}`)
			require.NoError(t, err)
			<-time.After(16 * time.Minute) // that of the bubble, which takes no time
			_, err = io.Copy(io.Discard, conn)
			require.NoError(t, err, "the server has closed the connection")
		})
	})
}

// TestBodiesInFlightAreBounded stalls sixty bodies of 19.5 MB in their last byte. The server
// reads no more than its bound of them, asks the others to come again, and serves everyone
// once they are gone.
func TestBodiesInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, size, bound, each = 60, 19_500_000, 128 << 20, 8 << 10
		p := served(t)
		block := strings.Repeat(" ", 1<<20)
		var read, refused atomic.Int64
		var group errgroup.Group
		began := time.Now()
		for range clients {
			conn := p.dial()
			group.Go(func() error {
				_, _ = io.WriteString(conn, head(size))
				for left := size - 1; left > 0; {
					n, err := io.WriteString(conn, block[:min(left, len(block))])
					left -= n
					read.Add(int64(n))
					if err != nil {
						return nil // closed: nothing more of it is read
					}
				}
				return nil
			})
			group.Go(func() error {
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					return err
				}
				if response.StatusCode == http.StatusRequestTimeout && time.Since(began) < 121*time.Second {
					return conn.Close() // a body that was read until its time was over
				}
				text, _ := io.ReadAll(response.Body)
				if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "1" ||
					!strings.Contains(string(text), "128 MiB together") || time.Since(began) > 11*time.Second {
					return fmt.Errorf("%s after %s: %s", response.Status, time.Since(began), text)
				}
				refused.Add(1)
				return conn.Close()
			})
		}
		require.NoError(t, group.Wait())
		require.LessOrEqual(t, read.Load(), int64(bound+clients*each))
		require.Equal(t, int64(clients-bound/size), refused.Load())

		conn := p.dial()
		_, err := io.WriteString(conn, head(11)+`{"find":{}}`)
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode)
	})
}
