//go:build !linux

package localastra

// relax does nothing where the system has no way to say it.
func relax(uintptr, int64) {}
