//go:build linux || darwin || freebsd

package localastra

import (
	"runtime"
	"syscall"
	"unsafe"
)

// newVectorBlock makes a block for so many floats. Its pages take memory once they are
// written to.
func newVectorBlock(floats int) *vectorBlock {
	const floatBytes = int(unsafe.Sizeof(float32(0)))
	memory, err := syscall.Mmap(-1, 0, floats*floatBytes, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return heapBlock(floats)
	}
	all := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(memory))), floats)
	b := &vectorBlock{all[:0]}
	runtime.AddCleanup(b, func(memory []byte) { _ = syscall.Munmap(memory) }, memory) // it was mapped
	return b
}
