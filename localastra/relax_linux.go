package localastra

import "syscall"

// relax takes a mapped file's pages out of the memory of this process. They stay in the
// system's cache, and come back when they are read again.
func relax(address uintptr, bytes int64) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, address, uintptr(bytes), syscall.MADV_DONTNEED) // only advice
}
