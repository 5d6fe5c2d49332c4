package localastra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// readHeaderTimeout ends connections that send nothing.
	readHeaderTimeout = 10 * time.Second
	// readTimeout ends a body that does not come, and idleTimeout a connection without
	// requests.
	readTimeout = 2 * time.Minute
	idleTimeout = 2 * time.Minute
	// writeTimeout ends a request whose answer nobody reads. It is that long because it also
	// bounds the command itself, and the first search of a large collection takes minutes.
	writeTimeout = 15 * time.Minute
	// stopTimeout is how long running requests may take after ctx has ended.
	stopTimeout = 5 * time.Second
)

// Serve answers requests on l until ctx ends, lets running requests finish, and closes
// l. It returns nil after a graceful stop. A listener that other machines can reach
// needs a token: without Options.Token the data would be open to all.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if s.options.Token == "" && !isLoopback(l.Addr()) {
		_ = l.Close() // nothing was accepted yet
		return fmt.Errorf("localastra: serve %s: an address other than loopback needs a token", l.Addr())
	}
	if s.lock != nil {
		s.lock.write("http://" + l.Addr().String())
		defer s.lock.write("")
	}
	server := &http.Server{Handler: s.guard(), ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: log.New(io.Discard, "", 0)} // it would quote what clients send
	group, stop := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("localastra: serve %s: %w", l.Addr(), err)
		}
		return nil
	})
	group.Go(func() error {
		<-stop.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err := server.Shutdown(grace); err != nil {
			return fmt.Errorf("localastra: stop: %w", errors.Join(err, server.Close()))
		}
		return nil
	})
	return group.Wait()
}

// guard keeps web pages of other sites out: a browser would let them send commands to
// loopback. Programs are not browsers and pass. Without a token, the name in the URL
// must be a loopback one, too, so that no foreign name can be pointed here.
func (s *Server) guard() http.Handler {
	protected := http.NewCrossOriginProtection().Handler(s)
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if s.options.Token == "" && !isLoopbackHost(q.Host) {
			http.Error(w, "without a token this server answers to localhost only", http.StatusForbidden)
			return
		}
		protected.ServeHTTP(w, q)
	})
}

// isLoopbackHost judges a Host header. Names below localhost are loopback by definition
// (RFC 6761). A name without a port is judged like one with it.
func isLoopbackHost(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return ip != nil && ip.IsLoopback()
}

// isLoopback tells whether only programs on this machine can connect. What it does not
// know counts as reachable.
func isLoopback(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	default:
		return false
	}
}
