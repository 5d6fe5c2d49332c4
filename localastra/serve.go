package localastra

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// readHeaderTimeout ends connections that send nothing.
	readHeaderTimeout = 10 * time.Second
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
	server := &http.Server{Handler: s, ReadHeaderTimeout: readHeaderTimeout}
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
