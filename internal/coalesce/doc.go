// Package coalesce is auto-pipelining: it sends the commands of concurrent callers as pipelines. It
// knows no record.
//
// If there are few callers, they send their commands themselves. In a pipeline they would wait for
// one another and save little. The commands of more callers are queued. A pipeline is sent when
// half of all callers are in the queue. So Redis works for one half while the other half decodes.
// All callers are those in the queue, those with a command in flight, and those that just got their
// reply and will probably send another command.
//
// The queue does not wait for callers that do not come back. While fewer than two pipelines are in
// flight, a goroutine lets all other goroutines run a few times and then sends what is queued. A
// timer would take a millisecond. If keys are on several servers, a caller mostly comes back to the
// queue of another server. Then only that goroutine decides when to send.
//
// The package exists because redis.AutoPipeliner hands each command to a goroutine and back. That
// costs a single caller half of its throughput. The AutoPipeliner also ignores the context of a
// caller that waits.
package coalesce
