// Package recent remembers, in bounded memory, what this process has just learned about keys.
// Examples are that a record was renewed, that an access was noted, or that a value could not be
// decoded. It sends nothing and knows no record.
//
// It may forget everything at any time. A reader that finds nothing asks Redis again.
package recent
