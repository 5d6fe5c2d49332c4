// Package syncs tests what each sync mode stores, of good input and of bad.
package syncs
