// Package reading tests the commands that only read: discover, read, search, plan and verify.
package reading
