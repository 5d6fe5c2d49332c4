package tally

import (
	"errors"
	"fmt"
	"os"
)

// temporaryFile is a file that dies with the process, however that ends: where the
// system allows it, it has no name from the beginning.
type temporaryFile struct {
	*os.File
	named bool
}

func newTemporaryFile() (*temporaryFile, error) {
	file, err := os.CreateTemp("", "destination-astra-")
	if err != nil {
		return nil, err
	}
	// Windows does not give up the name of an open file: there it goes when the file
	// is closed.
	return &temporaryFile{File: file, named: os.Remove(file.Name()) != nil}, nil
}

// Close gives the file's room back.
func (f *temporaryFile) Close() error {
	err := f.File.Close()
	if f.named {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// FileError says that a temporary file cannot be written.
type FileError struct {
	Dir string // where they go
	Err error
}

// Error names the folder, and the cause.
func (e *FileError) Error() string {
	return fmt.Sprintf("temporary files in %q cannot be written: %v", e.Dir, e.Err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

func temporaryError(err error) error { return &FileError{Dir: os.TempDir(), Err: err} }
