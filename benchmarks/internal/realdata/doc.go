// Package realdata loads real JSON files as records to cache: the tweets of twitter.json and the
// events of github_events.json as typed records, any other list of JSON objects as [Record].
//
// It is for tests and measurements. The two files stand beside the checkout, see [Find]; they are
// not copied into it.
package realdata
