// Package memory measures what the binary takes of memory in the container of the
// platform. It is a trial of minutes, and runs where MEMORY_TRIAL is set.
package memory
