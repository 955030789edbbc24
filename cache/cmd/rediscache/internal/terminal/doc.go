// Package terminal formats keys, values and numbers for a terminal. No byte of a key or a value
// reaches the terminal as a control character.
package terminal
