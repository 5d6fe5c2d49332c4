// Package parity holds the connector against what the Python connector wrote before it.
package parity
