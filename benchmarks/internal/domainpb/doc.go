// Package domainpb holds the records of package domain as protobuf messages.
//
// After a change to domain.proto run "go generate ./internal/domainpb" with protoc 3.21 or newer,
// its well-known types (libprotobuf-dev in Debian) and protoc-gen-go on the PATH (go install
// google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12).
package domainpb

//go:generate protoc --go_out=. --go_opt=paths=source_relative domain.proto
