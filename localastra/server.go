package localastra

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/semaphore"
)

// Backends that Options.Backend names.
const (
	BackendAstra     = "astra"
	BackendCassandra = "cassandra"
)

const (
	// DefaultKeyspace is the keyspace every Astra DB database starts with.
	DefaultKeyspace = "default_keyspace"
	// DefaultLockTimeout is how long Open waits for another process.
	DefaultLockTimeout = 5 * time.Second
	// DefaultMaxCollections is the limit per database, all keyspaces together, of Astra DB.
	DefaultMaxCollections = 10
	// DefaultPageSize is the page of find of Data API v1.0.51 (default-page-size).
	DefaultPageSize = 50
	// DefaultMaxIndexes is the number of indexes per database; a collection takes 10
	// ("indexes-available-per-database", Data API v1.0.51).
	DefaultMaxIndexes = 100
)

// Options says where the database is and how strict it is. The zero value needs Dir
// or Memory set.
type Options struct {
	// Dir holds the file astra.db. It is created when missing.
	Dir string
	// KeepAbsent leaves Dir alone when it holds no database: the server is then an empty
	// one in memory.
	KeepAbsent bool
	// Memory keeps everything in memory; Dir is ignored.
	Memory bool
	// Backend is BackendAstra (also when empty) or BackendCassandra.
	Backend string
	// Token must come in the Token header of each request. Empty accepts requests with
	// any token and with none.
	Token string
	// AuthToken is another name for Token; Token goes first.
	AuthToken string
	// ReadOnlyToken is a second token: its writes get UNAUTHORIZED_ACCESS. Empty means
	// none.
	ReadOnlyToken string
	// LockTimeout is how long Open waits for a process that holds Dir; 0 means 5 s.
	LockTimeout time.Duration
	// Keyspace is created by Open; empty means default_keyspace.
	Keyspace string
	// Embed makes the vectors of $vectorize. Nil means that collections with an embedding
	// service are refused, as by a Data API that has none configured.
	Embed EmbedFunc
	// EmbedModel is the name of Embed's model. Collections may name it beside the models
	// of the catalogue, with any provider and dimension.
	EmbedModel string
	// Latency is added to every command.
	Latency time.Duration
	// Faults make a share of the commands fail; the first that strikes counts.
	Faults []Fault
	// Log gets one line for each request. Nil means no log.
	Log *slog.Logger
	// Explorer serves a page for people at /, with what it needs below /explorer.
	Explorer bool
	// PageSize is how many documents a page of find has, and how many of a sorted read
	// come back; 0 means 50. Servers before May 2026 had 20.
	PageSize int
	// MaxCollections and MaxIndexes are limits per database; 0 means 10 and 100.
	MaxCollections int
	MaxIndexes     int
}

// Server is a Data API server. It is safe for concurrent use.
type Server struct {
	options  Options
	commands map[string]command
	store    *store
	lock     *lockFile // nil in memory
	controls controls
	rows     contention
	counters counters
	bodies   *semaphore.Weighted // maxBodies bytes
}

// Open opens or creates the database. A directory that another process holds gives a
// *LockedError after LockTimeout. The caller must Close the server.
func Open(o Options) (*Server, error) {
	o.Token = cmp.Or(o.Token, o.AuthToken)
	o.Backend = cmp.Or(o.Backend, BackendAstra)
	o.Keyspace = cmp.Or(o.Keyspace, DefaultKeyspace)
	o.LockTimeout = cmp.Or(o.LockTimeout, DefaultLockTimeout)
	o.MaxCollections = cmp.Or(o.MaxCollections, DefaultMaxCollections)
	o.PageSize = cmp.Or(o.PageSize, DefaultPageSize)
	o.MaxIndexes = cmp.Or(o.MaxIndexes, DefaultMaxIndexes)
	if err := o.Check(); err != nil {
		return nil, err
	}
	s := &Server{options: o, commands: commandTable(), bodies: semaphore.NewWeighted(maxBodies)}
	if err := s.openStore(); err != nil {
		return nil, err
	}
	if err := s.store.createKeyspace(o.Keyspace); err != nil {
		_ = s.Close() // the first error says more
		return nil, fmt.Errorf("localastra: create keyspace %s: %w", o.Keyspace, err)
	}
	return s, nil
}

// Check tells what Open would refuse without looking at Dir: an *OptionError, or nil.
func (o Options) Check() error {
	switch {
	case o.Backend != "" && o.Backend != BackendAstra && o.Backend != BackendCassandra:
		return &OptionError{"backend", o.Backend, BackendAstra + " or " + BackendCassandra}
	case o.Keyspace != "" && !validSchemaName(o.Keyspace):
		return &OptionError{"keyspace", o.Keyspace, "1 to 48 letters, digits and underscores"}
	case o.Latency < 0:
		return &OptionError{"latency", o.Latency.String(), "a time that is not negative"}
	case o.MaxCollections < 0 || o.MaxIndexes < 0 || o.PageSize < 0:
		return &OptionError{"limit", decimalText(min(o.MaxCollections, o.MaxIndexes, o.PageSize)), "a positive number"}
	}
	for _, f := range o.Faults {
		if err := f.check(); err != nil {
			return err
		}
	}
	return nil
}

// openStore opens the engine that the options ask for. The lock file is written only
// once the file's own lock is held.
func (s *Server) openStore() error {
	var e engine = newMemoryEngine()
	if !s.options.Memory {
		if s.options.Dir == "" {
			return constError("localastra: open: neither Dir nor Memory is set")
		}
		if s.options.KeepAbsent {
			absent, err := noDatabase(s.options.Dir)
			if err != nil || absent {
				return errors.Join(err, s.useEngine(e))
			}
		}
		if err := os.MkdirAll(s.options.Dir, 0o700); err != nil {
			return fmt.Errorf("localastra: open: %w", err)
		}
		file, err := openBoltEngine(s.options.Dir, s.options.LockTimeout)
		if err != nil {
			return err
		}
		e = file
		s.lock = newLockFile(s.options.Dir)
		s.lock.write("")
	}
	return s.useEngine(e)
}

// noDatabase tells whether dir holds no database file. A dir that could not become a
// folder is an error.
func noDatabase(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, fileName))
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return false, nil // Open itself says what is wrong with it
	}
	for above := dir; ; above = filepath.Dir(above) {
		info, err := os.Stat(above)
		switch {
		case err == nil && !info.IsDir():
			return true, fmt.Errorf("localastra: open %s: %s is not a folder", dir, above)
		case err == nil, above == filepath.Dir(above):
			return true, nil
		}
	}
}

// useEngine starts the store on an engine, which is closed when that fails.
func (s *Server) useEngine(e engine) error {
	store, err := newStore(e)
	if err != nil {
		_ = e.close() // the first error says more
		if s.lock != nil {
			s.lock.remove()
		}
		return err
	}
	s.store = store
	return nil
}

// Close waits for running writes and closes the file. Later requests are answered
// with UNEXPECTED_SERVER_ERROR.
func (s *Server) Close() error {
	if s.lock != nil {
		s.lock.remove()
	}
	if err := s.store.close(); err != nil {
		return fmt.Errorf("localastra: close: %w", err)
	}
	return nil
}

// cassandra tells whether the server refuses what Cassandra 5.0 refuses.
func (s *Server) cassandra() bool { return s.options.Backend == BackendCassandra }
