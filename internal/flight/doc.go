// Package flight lets callers in one process share the work for a key: the first caller starts a
// flight, and the others wait for it. It knows no Redis and no record.
//
// # Who may share a result
//
// A flight sends commands that may decide it: a look at the record, the write of what was loaded.
// A caller that arrives after such a command was sent may know of a change that the command came
// too early for. So each caller gets a number when it arrives: how many such commands the flight
// had sent. It shares the result only if the command that decided was sent later. Otherwise it
// starts over.
//
// The call of the loader counts as a command. It is the one that decides if the record was written
// while the loader ran, or if nothing tells whether it was. For those who arrived before the call,
// what was loaded is not out of date.
//
// What was loaded without a lease is written nowhere, and there the call of the loader decides too.
// While Redis does not answer, most callers would have to wait for two loads. So a caller that
// could not read is blind: nothing is promised to it, and it shares whatever is loaded.
//
// # Circles
//
// A loader may ask for other records, and so wait for other flights. If these wait for the flight
// that the loader works for, none of them would ever end. The context of a loader carries the work
// that waits for it, and [Ticket.Wait] returns [ErrCircle] where a wait would close a circle.
package flight
