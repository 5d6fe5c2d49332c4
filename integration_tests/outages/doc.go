// Package outages tests syncs whose services fail, and those that are stopped by a signal.
package outages
