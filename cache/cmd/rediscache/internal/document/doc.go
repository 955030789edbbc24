// Package document reads the value of a record without its Go type: what has been wrapped around
// it, in which form it is, and what it says.
package document
