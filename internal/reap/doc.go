// Package reap makes one pass of a sweep. It walks the keys of every server in pages, finds the
// records that look idle, and removes those that are still idle on a second look.
package reap
