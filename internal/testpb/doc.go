// Package testpb holds the protobuf messages that the tests, the tour and the benchmarks of this
// module share. [User] is a domain record as a service would have one. [Kinds] has a field of every
// kind. [Tweet] and [Event] are real records, loaded by package realdata of the benchmarks. [Clash]
// describes messages whose bytes may look like another format.
//
// After a change to a .proto file run "go generate ./internal/testpb" with protoc 3.21 or newer and
// protoc-gen-go on the PATH (go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12).
package testpb

//go:generate protoc --go_out=. --go_opt=paths=source_relative user.proto real.proto
