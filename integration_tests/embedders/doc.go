// Package embedders tests every embedding service that a configuration can name.
package embedders
