// Package otelcache reports the operations of caches to OpenTelemetry, as metrics and spans.
//
// Its [New] returns a [cache.Hook]. The package is a separate module, so that the library itself
// does not depend on OpenTelemetry.
//
//	hook, err := otelcache.New(otelcache.Options{
//		Meter:  otel.Meter(otelcache.ScopeName),
//		Tracer: otel.Tracer(otelcache.ScopeName),
//	})
//	users, err := cache.New[int64](rdb, "users", c, &cache.Options{Hook: hook})
//
// One Hook serves all caches of a process. Use [cache.Hooks] to combine it with other hooks.
//
// # Metrics
//
// OpenTelemetry has no conventions for caches yet, so the library defines these names. Each metric
// has the attribute rediscache.cache, the full name of the cache. The table lists the other
// attributes. Their names begin with rediscache. too (rediscache.outcome), except error.type.
//
//	metric                           kind           unit            attributes
//	rediscache.operation.duration    histogram      s               operation, outcome, error.type
//	rediscache.records               counter        {record}        operation, outcome
//	rediscache.notices               counter        {notice}        operation, error.type
//	rediscache.load.duration         histogram      s               trigger, outcome
//	rediscache.load.wait.duration    histogram      s               scope, outcome
//	rediscache.load.active           updowncounter  {load}
//	rediscache.near.reads            counter        {read}          outcome
//	rediscache.near.invalidations    counter        {invalidation}  reason
//	rediscache.near.size             gauge          By
//	rediscache.near.entries          gauge          {record}
//	rediscache.near.lag              gauge          s
//	rediscache.sweep.duration        histogram      s               outcome, error.type
//	rediscache.sweep.records         counter        {record}        outcome
//	rediscache.sweep.longest_idle    gauge          s
//	rediscache.sweep.overdue         gauge          s
//	rediscache.value.size            histogram      By              direction
//
// In Prometheus these names have underscores, units and suffixes, such as
// rediscache_operation_duration_seconds_bucket and rediscache_records_total. The folder of this
// package has a Grafana dashboard with these names, dashboard.json. Its folder example has a
// program that serves the metrics.
//
// # Operations
//
// operation.duration is the time of each call of a method, such as Get or SetMany. A Sweep is in
// sweep.duration instead. rediscache.operation is the method's name. rediscache.outcome is a
// [cache.Outcome]. A miss is an outcome and not an error. error.type is present only for an error.
// [cache.Op] lists its values.
//
// records counts the keys of these calls by outcome. A key that fails has the outcome error.
//
// near.reads alone counts reads that memory answers in full. They are not in operation.duration and
// records, because timing such a read takes longer than the read. If memory answers a part of a
// batch, the batch is in operation.duration, and its other keys are in records.
//
// notices counts events that are not operations:
//   - Outage: a server begins to count as out.
//   - Near: a cache keeps no copies.
//   - New: the client lacks something.
//   - Refresh: Redis has refused the lease of a refresh, so no loader was called.
//
// value.size is the size in bytes of each value that is read from Redis or written to it, as
// stored. It is recorded only with Options.ValueSizes. rediscache.direction is read or write.
//
// # Loads
//
// load.duration is the time of each call of a loader. rediscache.trigger is miss, refresh, reload
// or outage. rediscache.outcome is one of:
//   - loaded
//   - absent: the loader returned [cache.ErrNotFound]
//   - superseded: loaded and not stored, because the record was written during the load
//   - error, panic or timeout
//
// load.active is the number of loaders that run now.
//
// load.wait.duration is the time that a GetOrLoad or GetOrLoadMany waited for the load of another
// caller. rediscache.scope is process if that caller is in this process, and fleet if it is in
// another one. The outcome is that of the whole call. A batch is not in it if its own loader loaded
// records too.
//
// # Copies in memory
//
// A cache without Options.Near has no near metrics. near.reads has three outcomes:
//   - hit: a copy answered. A copy that knows a record to be absent is a hit too.
//   - miss: there was no copy.
//   - bypassed: there was a copy, without a recent enough proof.
//
// near.invalidations counts what ends copies. Its reasons are write, flush, reconnect and topology.
// A write counts each copy that it ends. The other reasons count servers: all copies of such a
// server are dropped. These servers belong to the client, so each of its caches counts them. Two
// caches of the same name count them twice.
//
// near.size is the memory in bytes that the copies count as. near.entries is their number. near.lag
// is the age of the last proof, of the primary whose last proof is the oldest. It has no value
// without a proof.
//
// # Sweeps
//
// sweep.records has these outcomes:
//   - removed, or would_remove in a dry run
//   - kept: looked idle at first and was not
//   - in_use
//   - failed
//
// sweep.longest_idle is the longest idle time that the last pass of this process met. sweep.overdue
// is the time for which a pass has been due that no process has made. It has no value in a process
// that does not sweep.
//
// # Spans
//
// Options.Spans selects the operations that have spans. By default these are Sweep and the calls of
// loaders (Load and Refresh). The name of a span is rediscache. and the operation, such as
// rediscache.Load. The attributes of a span are:
//   - rediscache.cache, rediscache.operation, rediscache.outcome and error.type
//   - rediscache.keys, the number of keys
//   - rediscache.trigger and rediscache.scope
//   - for a sweep, rediscache.sweep.scanned, .removed, .kept, .failed and .dry_run
//
// Only an error sets the status. No span, no metric and no error in them holds a key or a value.
//
// The span of a Load is a child of the span in the context of the caller who began it. It may end
// later than its parent. Spans that the loader starts are its children. Other callers of the same
// record only wait: the span has no relation to theirs.
//
// A Refresh runs in the background, so its span begins a new trace. It has a link to the span of
// the caller whose read began it.
//
// # Cost
//
// The metrics of an operation on Redis take less than a microsecond, most of it in the SDK, and no
// allocation (BenchmarkHook, TestAllocations). An error or a batch may allocate once. A read of one
// key that memory answers takes about 100 ns more (BenchmarkNearHit): it is counted from the Stats
// and not timed. The cost of a span depends on the Tracer.
//
// A cache has at most 175 sets of attributes, in all metrics together (TestSets). For this it has
// at most 24 pairs of an operation and an error.type. Further errors have the error.type other. The
// OpenTelemetry SDK keeps 2000 sets per instrument, for all caches together.
package otelcache
