module github.com/activettl/rediscache/codec/seal/internal/tink

go 1.26.0

replace github.com/activettl/rediscache => ../../../..

require (
	github.com/activettl/rediscache v0.0.0
	golang.org/x/crypto v0.53.0
)

require (
	github.com/tink-crypto/tink-go/v2 v2.9.0
	github.com/vmihailenco/msgpack/v5 v5.4.1 // indirect
	github.com/vmihailenco/tagparser/v2 v2.0.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
