package tally

import (
	"errors"
	"sync/atomic"
)

// mergeFan is how many runs are merged into one. Each key is written again once for
// each power of it by which all keys are more than a table.
const mergeFan = 4

// errClosing: the result of a merge is needed no more.
var errClosing = errors.New("the tally is being closed")

// mergeRuns writes a run of all entries of the given ones, which are ordered from the
// oldest to the newest: of several counts of one key the newest holds the others.
func mergeRuns(runs []*sortedRun, filterBits int, stop *atomic.Bool) (*sortedRun, error) {
	keys := 0
	var readers []*runReader // newest first
	for i := len(runs) - 1; i >= 0; i-- {
		keys += runs[i].keys
		readers = append(readers, newRunReader(runs[i]))
	}
	w, err := newRunWriter(keys, filterBits)
	if err != nil {
		return nil, err
	}
	w.run.level = runs[0].level + 1
	return w.finish(mergeInto(w, readers, stop))
}

func mergeInto(w *runWriter, readers []*runReader, stop *atomic.Bool) (err error) {
	for i := len(readers) - 1; i >= 0 && err == nil; i-- {
		readers, err = advance(readers, i)
	}
	for len(readers) > 0 && err == nil {
		if w.run.keys%entriesPerBlock == 0 && stop.Load() {
			return errClosing
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
