// Package realdata loads real JSON files as records to cache: the tweets of twitter.json and the
// events of github_events.json as typed records, any other list of JSON objects as [Record].
//
// It is for tests and measurements. The two files are beside the checkout, not in it: see [Find].
package realdata
