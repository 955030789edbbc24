// Package frame is the frame around values that a codec has transformed:
//
//	0xC1 kind body
//
// The byte 0xC1 starts no JSON text and no MessagePack value. So what codec.JSON and codec.MsgPack
// write can stand unframed beside framed records. All other formats may start with 0xC1, protobuf
// included, and [Collision] says which messages do.
//
// The frame has no length: the body ends where the record ends. Each kind sees to it that nothing
// stands behind its end.
package frame
