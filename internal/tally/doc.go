// Package tally counts keys, any number of them, exactly and in bounded memory.
package tally
