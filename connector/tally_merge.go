package connector

import (
	"errors"
	"sync/atomic"
)

// tallyFan is how many runs are merged into one. Each key is written again once for
// each power of it by which all keys are more than a table.
const tallyFan = 4

// errTallyClosing: the result of a merge is needed no more.
var errTallyClosing = errors.New("the tally is being closed")

// mergeRuns writes a run of all entries of the given ones, which are ordered from the
// oldest to the newest: of several counts of one key the newest holds the others.
func mergeRuns(runs []*tallyRun, filterBits int, stop *atomic.Bool) (*tallyRun, error) {
	keys := 0
	var readers []*tallyRunReader // newest first
	for i := len(runs) - 1; i >= 0; i-- {
		keys += runs[i].keys
		readers = append(readers, newTallyRunReader(runs[i]))
	}
	w, err := newTallyRunWriter(keys, filterBits)
	if err != nil {
		return nil, err
	}
	w.run.level = runs[0].level + 1
	return w.finish(mergeInto(w, readers, stop))
}

func mergeInto(w *tallyRunWriter, readers []*tallyRunReader, stop *atomic.Bool) (err error) {
	for i := len(readers) - 1; i >= 0 && err == nil; i-- {
		readers, err = advance(readers, i)
	}
	for len(readers) > 0 && err == nil {
		if w.run.keys%entriesPerBlock == 0 && stop.Load() {
			return errTallyClosing
		}
		least := 0
		for i := 1; i < len(readers); i++ {
			if compareKeys(readers[i].current.key, readers[least].current.key) < 0 {
				least = i
			}
		}
		e := readers[least].current
		err = w.add(e)
		for i := len(readers) - 1; i >= least && err == nil; i-- {
			if readers[i].current.key == e.key {
				readers, err = advance(readers, i)
			}
		}
	}
	return err
}
