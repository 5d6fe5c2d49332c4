package localastra

import (
	"errors"
	"fmt"
	"sync"
)

// store owns the catalog, the caches of each collection and the engine.
//
// Readers share mu; a batch of writes holds it alone. Writers queue first and lock
// then: the one that gets the lock commits everything that is queued in one
// transaction, so that concurrent inserts share an fsync.
type store struct {
	mu      sync.RWMutex
	engine  engine
	catalog *catalog // guarded by mu
	closed  bool     // guarded by mu

	queueMu sync.Mutex
	queue   []*write
}

// write is one queued transaction. done and err are guarded by store.mu.
type write struct {
	fn   func(tx) error
	done bool
	err  error
}

var errClosed = errors.New("the server is closed")

// newStore reads the catalog of an engine. On an error the engine stays open, and is
// the caller's to close.
func newStore(e engine) (*store, error) {
	s := &store{engine: e}
	if err := s.reload(); err != nil {
		return nil, fmt.Errorf("localastra: read catalog: %w", err)
	}
	return s, nil
}

// reload forgets every cache and reads the catalog again: at the start, and after a
// transaction that failed when it had already changed caches.
func (s *store) reload() error {
	var c *catalog
	err := s.engine.view(func(t reader) (err error) {
		c, err = decodeCatalog(t)
		return err
	})
	if err == nil {
		s.catalog = c
	}
	return err
}

// view runs fn beside other readers. Writers wait for it, so fn must not do anything
// slow but read.
func (s *store) view(fn func(reader) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return errClosed
	}
	return s.engine.view(fn)
}

// update runs fn alone and returns once its writes are durable. fn may run a second
// time when another write of the same transaction fails, and must not touch anything
// on an error path that it would miss then. Nothing of it stays when it fails.
func (s *store) update(fn func(tx) error) error {
	w := &write{fn: fn}
	s.queueMu.Lock()
	s.queue = append(s.queue, w)
	s.queueMu.Unlock()

	s.mu.Lock()
	defer s.mu.Unlock()
	if w.done {
		return w.err
	}
	s.queueMu.Lock()
	batch := s.queue
	s.queue = nil
	s.queueMu.Unlock()
	s.commit(batch)
	return w.err
}

// commit runs a batch in one transaction. When that fails, each write gets a
// transaction of its own, so that a request never fails for its neighbour's reason.
func (s *store) commit(batch []*write) {
	err := s.transact(batch)
	for _, w := range batch {
		w.done = true
		if err != nil && len(batch) > 1 {
			w.err = s.transact([]*write{w})
		} else {
			w.err = err
		}
	}
}

// transact runs writes one after the other and commits them together. Caches that were
// changed by a failed transaction are thrown away.
func (s *store) transact(batch []*write) error {
	if s.closed {
		return errClosed
	}
	err := s.engine.update(func(t tx) error {
		if s.catalog.version != formatVersion {
			if err := s.catalog.save(t); err != nil {
				return err
			}
		}
		for _, w := range batch {
			if err := w.fn(t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, s.reload())
	}
	return nil
}

// close waits for running transactions. A second call does nothing.
func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.engine.close()
}

// createKeyspace creates the keyspace unless it exists.
func (s *store) createKeyspace(name string) error {
	return s.update(func(t tx) error {
		if s.catalog.keyspaces[name] != nil {
			return nil
		}
		s.catalog.keyspaces[name] = map[string]*collection{}
		return s.catalog.save(t)
	})
}

// dropKeyspace drops the keyspace and its collections, if it exists.
func (s *store) dropKeyspace(name string) error {
	return s.update(func(t tx) error {
		for _, c := range s.catalog.keyspaces[name] {
			if err := t.drop(c.id); err != nil {
				return fmt.Errorf("drop collection %s: %w", c.name, err)
			}
		}
		delete(s.catalog.keyspaces, name)
		return s.catalog.save(t)
	})
}

// dropCollection drops the collection if it exists.
func (s *store) dropCollection(keyspace, name string) error {
	return s.update(func(t tx) error {
		c := s.catalog.keyspaces[keyspace][name]
		if c == nil {
			return nil
		}
		if err := t.drop(c.id); err != nil {
			return fmt.Errorf("drop collection %s: %w", c.name, err)
		}
		delete(s.catalog.keyspaces[keyspace], name)
		return s.catalog.save(t)
	})
}
