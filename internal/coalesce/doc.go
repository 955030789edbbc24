// Package coalesce is auto-pipelining: it sends the commands of callers that come at the same time
// as pipelines. It knows no record.
//
// A few callers send their commands themselves: in a pipeline they would wait for one another and
// save little. The commands of more callers queue. A pipeline is sent when half of all callers are
// in the queue. So Redis works for one half while the other half decodes. All callers are those in
// the queue, those with a command in flight, and those who just got their reply and are likely to
// come again.
//
// Callers who do not come again are not waited for. While fewer than two pipelines are in flight, a
// goroutine lets all others run a few times and then sends what has queued. A timer would take a
// millisecond. Where keys are on several servers, a caller mostly comes again to the queue of
// another server. There only that goroutine decides.
//
// It exists because redis.AutoPipeliner hands each command to a goroutine and back. That costs a
// single caller half of its throughput. The AutoPipeliner also ignores the context of a caller that
// waits.
package coalesce
