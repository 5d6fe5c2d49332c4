package cli

import (
	"context"
	"errors"
	"fmt"

	"destination-astra/localastra"
)

// checkLocal reads all of a folder's data and tells what is damaged; damage is an error.
func (a *app) checkLocal(_ context.Context, f localFlags) error {
	if f.data == "" || f.memory {
		return usageError{errors.New("--check needs --data, the folder to look at")}
	}
	var err error
	if f.data, err = inHome(f.data, a.getenv); err != nil {
		return usageError{fmt.Errorf("--data: %w", err)}
	}
	if _, err := a.localOptions(f); err != nil {
		return usageError{err} // an option that it would not use must be right as well
	}
	report, err := localastra.CheckDir(f.data, localastra.DefaultLockTimeout)
	if err != nil {
		return err
	}
	p := a.answers()
	for _, problem := range report.Problems {
		p.line("%s", problem)
	}
	if report.Unsealed > 0 {
		p.line("%d values were written by an older version, without a checksum: only their form was checked",
			report.Unsealed)
	}
	p.line("%d documents are whole", report.Documents)
	if report.Found > 0 {
		return fmt.Errorf("%s: %d problems: put a copy of the folder back, or move it away and load the data again",
			f.data, report.Found)
	}
	return p.err
}
