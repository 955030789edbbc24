// Package document reads the value of a record without its Go type. It takes off the layers around
// the value, guesses its form, and shows it as JSON.
package document
