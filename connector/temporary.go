package connector

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

// temporaryError says what to do about temporary files that cannot be written.
func temporaryError(err error) error {
	return &ConfigError{
		Reason: fmt.Sprintf("keep track of records: temporary files in %q cannot be written; set TMPDIR to a folder that "+
			"exists and has room, about 50 bytes for each record", os.TempDir()),
		Err: err,
	}
}
