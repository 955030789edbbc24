// Package frame reads and writes the frame around values that a codec has transformed:
//
//	0xC1 kind body
//
// No JSON text and no MessagePack value starts with the byte 0xC1. So records of codec.JSON and
// codec.MsgPack need no frame, even if other records of the cache have one. All other formats may
// start with 0xC1. For protobuf, [Collision] says which messages do.
//
// The frame has no length: the body ends where the record ends. Each kind must detect bytes after
// its end.
package frame
