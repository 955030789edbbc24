// Package otelcache tells OpenTelemetry of the operations of caches: metrics and spans. It is a
// [cache.Hook], and a module of its own, so that the library itself does not need OpenTelemetry.
//
//	hook, err := otelcache.New(otelcache.Options{
//		Meter:  otel.Meter(otelcache.ScopeName),
//		Tracer: otel.Tracer(otelcache.ScopeName),
//	})
//	users, err := cache.New[int64](rdb, "users", c, &cache.Options{Hook: hook})
//
// One Hook serves all caches of a process. With other hooks, join them by [cache.Hooks].
//
// # Metrics
//
// OpenTelemetry has no conventions for caches yet, so these names are the library's own. Each
// metric has the attribute rediscache.cache, the full name of the cache. The others are below. The
// names of all but error.type begin with rediscache. too, such as rediscache.outcome.
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
// Prometheus' names for them have underscores, units and suffixes, such as
// rediscache_operation_duration_seconds_bucket and rediscache_records_total. The folder of this
// package has a dashboard for Grafana, dashboard.json, with these names. Its folder example has a
// program that serves them.
//
// operation.duration is the time of each call of a method, such as Get or SetMany. A Sweep has
// sweep.duration in place of it. rediscache.operation is the method's name. rediscache.outcome is a
// [cache.Outcome]: a miss is one, and no error. error.type is there only for an error, and is one
// of the types that [cache.Op] names.
//
// A cache has at most 24 pairs of an operation and an error.type. What comes beyond that counts as
// the type other. So a cache has at most 175 sets of attributes, all metrics together. The SDK of
// OpenTelemetry keeps 2000 for an instrument, of all caches.
//
// records counts the keys of these calls by what became of them. A key that fails is an error.
//
// Reads that memory answers in full are in near.reads alone, and not in operation.duration and
// records: to time one would take longer than the read. A batch that memory answers in part is in
// operation.duration, and records has the rest of its keys.
//
// notices counts what is no operation. The operation is Outage when a server begins to count as
// out, Near when no copies are kept, and New when the client lacks something. It is Refresh when
// Redis has refused the lease of a refresh, so that no loader was called.
//
// load.duration is the time of each call of a loader. rediscache.trigger is miss, refresh, reload
// or outage. The outcome is loaded, absent, superseded (loaded, and not stored: the record was
// written meanwhile), error, panic or timeout. A loader that returns [cache.ErrNotFound] is absent.
// load.active is how many loaders run now.
//
// load.wait.duration is for how long GetOrLoad and GetOrLoadMany waited for the load of another:
// rediscache.scope is process or fleet. The outcome is that of the whole call. A batch for which a
// loader of its own has loaded records too is not in it.
//
// near.reads has the outcomes hit, miss and bypassed: the copy was not proven to be recent enough.
// A copy that knows a record to be absent is a hit. near.lag is the age of the oldest of the
// primaries' last proofs; it has no value without one. Caches without Options.Near have no near
// metrics.
//
// near.invalidations has the reasons write, flush, reconnect and topology. A write counts each copy
// that it ends. The others count servers, of which all copies were given up. They are those of the
// client: each of its caches counts them, and two caches of one name twice.
//
// sweep.records has the outcomes removed, kept (it looked idle at first and was not), in_use and
// failed; would_remove in place of removed for a dry run. sweep.longest_idle is of the last pass of
// this process. sweep.overdue is for how long a pass has been due that no process has made;
// it has no value in a process that does not sweep.
//
// value.size is the size of each value that is read from Redis or written, as it is stored; see
// Options.ValueSizes. rediscache.direction is read or write.
//
// # Spans
//
// Options.Spans says which operations have spans. By default these are the calls of loaders (Load
// and Refresh) and Sweep. The name of a span is rediscache. and the operation, such as
// rediscache.Load. Its attributes are rediscache.cache, rediscache.operation, rediscache.outcome,
// rediscache.keys (how many), error.type, rediscache.trigger, rediscache.scope and what a sweep
// did. Only an error sets the status. No span, no metric and no error in them holds a key or a
// value.
//
// The span of a Load is a child of the span in the context of the caller who began it. It may end
// later than that one. What the loader does is below it. Other callers of the same record only
// wait, and have no part in it. A Refresh runs in the background, so its span is the root of a
// trace of its own, with a link to the span of the caller who met the record.
//
// # Cost
//
// An operation on Redis takes less than a microsecond more and allocates nothing more for its
// metrics: the instruments of the SDK take most of it. A read of a key that memory answers costs
// less than 100 ns more: it is counted from the Stats, and not timed. A span costs what the Tracer
// makes it cost.
package otelcache
