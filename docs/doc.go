// Package docs holds the user guide and the architecture decision records.
package docs
