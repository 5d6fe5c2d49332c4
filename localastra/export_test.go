package localastra

// PorterStem is what the analyzer "english" makes of a word.
var PorterStem = porterStem

// FailCommits puts an engine below the server that asks commit at the end of each
// transaction, and undoes the transaction when it returns an error, as a full disk would.
// It is called before the server is used.
func (s *Server) FailCommits(commit func() error) {
	s.store.engine = failingEngine{s.store.engine, commit}
}

// failingEngine is an engine that cannot always commit.
type failingEngine struct {
	engine
	commit func() error
}

// update implements engine.
func (e failingEngine) update(fn func(tx) error) error {
	return e.engine.update(func(t tx) error {
		if err := fn(t); err != nil {
			return err
		}
		return e.commit()
	})
}
