package localastra

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// DamagedError says that the database file does not hold what was written to it: it was
// cut, or bytes of it changed.
type DamagedError struct {
	// File is the path of the database file.
	File string
	// What was found.
	What string
}

// Error names the file, what is wrong with it, and what can be done.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("localastra: %s is damaged: %s; put a copy of the file back, or move it away and load the data "+
		"again; `destination-astra local --check --data %s` lists all that is damaged", e.File, e.What,
		filepath.Dir(e.File))
}

// guarded runs fn, which reads the mapped file, and turns what a damaged file does to a
// program into an error: a fault where the file ends too early, and a panic of the
// storage engine, which trusts its pages.
func guarded(file string, fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		_, fault := r.(interface{ Addr() uintptr })
		if fault || raisedByStorage() {
			err = &DamagedError{file, fmt.Sprintf("its pages make no sense (%v)", r)}
			return
		}
		err = fmt.Errorf("localastra: internal error: %v", r)
	}()
	return fn()
}

// raisedByStorage tells whether the panic that is being recovered came out of the storage
// engine. Anything else is a mistake of this package, and not the file's fault.
func raisedByStorage() bool {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") {
			return strings.Contains(frame.Function, "go.etcd.io/bbolt")
		}
		if !more {
			return false
		}
	}
}
