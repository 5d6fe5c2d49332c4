package localastra

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// LockedError says that another process holds the directory. Only one can.
type LockedError struct {
	Dir string
	// PID of the holder; 0 when unknown.
	PID int
	// URL on which the holder serves the same data; empty when it serves none.
	URL string
	// Waited is how long Open waited.
	Waited time.Duration
}

// Error tells who holds the directory and how to reach the data all the same. A folder
// that is served can be used by its address; one that another sync has open cannot, so
// the advice differs.
func (e *LockedError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	how := "wait until it ends, or serve the directory with `destination-astra local` and use its URL as astra_db_endpoint"
	if e.URL != "" {
		how = fmt.Sprintf("it serves the same data: set astra_db_endpoint to %s", e.URL)
	}
	return fmt.Sprintf("localastra: open %s: in use by %s (waited %s); %s", e.Dir, who, e.Waited, how)
}

// lockFile tells other processes who holds the directory. It is a courtesy: the lock
// itself is the operating system's lock on the database file, so a stale lockFile
// left by a killed process misleads nobody.
type lockFile struct{ path string }

// lockHolder is what the lock file says about the process that holds the directory.
type lockHolder struct {
	PID int    `json:"pid"`
	URL string `json:"url,omitempty"`
}

// newLockFile names the file in a directory; it writes nothing yet.
func newLockFile(dir string) *lockFile { return &lockFile{filepath.Join(dir, "astra.lock")} }

// write records this process and where it serves. A failure only makes the message of
// a LockedError poorer. The file is made anew each time: a link that lies in its place
// would have this process overwrite what it leads to.
func (l *lockFile) write(url string) {
	text, err := json.Marshal(lockHolder{os.Getpid(), url})
	if err != nil {
		return
	}
	l.remove()
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return
	}
	_, _ = file.Write(text)
	_ = file.Close()
}

// remove deletes the file at the end. Whether it works is of no importance: nobody
// trusts it alone.
func (l *lockFile) remove() { _ = os.Remove(l.path) }

// read returns what it can. The file may be missing, half written, or left over from a
// process that was killed. What is no plain file is none of ours, and might never end.
func (l *lockFile) read() lockHolder {
	var h lockHolder
	if info, err := os.Lstat(l.path); err != nil || !info.Mode().IsRegular() {
		return h
	}
	if text, err := os.ReadFile(l.path); err == nil {
		_ = json.Unmarshal(text, &h) // an unreadable file names nobody
	}
	return h
}
