// Package histories tests syncs that are killed, or that run over a bad network: what is stored
// in the end is what an undisturbed sync stores.
package histories
