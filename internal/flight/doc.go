// Package flight lets callers in one process share the work for a key: the first caller starts a
// flight, and the others wait for it. It knows no Redis and no record.
//
// # Who may share a result
//
// A flight sends commands that may decide it: a look at the record, the write of what was loaded. A
// caller that arrives after such a command was sent may know of a change that the command did not
// see. So each caller gets a number when it arrives: how many such commands the flight had sent. It
// shares the result only if the deciding command was sent later. Otherwise it starts over.
//
// The call of the loader counts as a command. It is the deciding one if the record was written
// while the loader ran, or if it is not known whether it was. For callers that arrived before the
// call, what was loaded is not out of date.
//
// The call of the loader also decides if there is no lease, since then the result is not written.
// While Redis does not answer, most callers would then have to wait for two loads. So a caller that
// could not read is blind: it gets no promise, and shares the result of any load.
//
// # Circles
//
// A loader may ask for other records, and so wait for other flights. If these wait for the flight
// that the loader works for, none of them ever ends. The context of a loader carries its Load.
// [Ticket.Wait] returns [ErrCircle] if a wait would close such a circle.
package flight
