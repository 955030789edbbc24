// Package terminal is how keys, values and numbers are shown, so that no byte of them reaches a
// terminal as a control character.
package terminal
