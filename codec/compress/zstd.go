package compress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/activettl/rediscache/internal/frame"
)

// zstdFrame is the method Zstd.
type zstdFrame struct{}

func (zstdFrame) kind() frame.Kind { return frame.Zstd }

// window is how far back an encoder looks, in bytes. After a value of that size it keeps as much
// memory.
const window = 1 << 20

// encoder and decoder serve all codecs. They work in the calling goroutine. As many calls as there
// are processors run at a time, and they keep memory for that many.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true),
			zstd.WithZeroFrames(true), zstd.WithSingleSegment(true)) // which writes the size
		if err != nil {
			panic(err) // only for options out of range
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		// The capacity of the buffer from undoZstd limits the memory.
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0),
			zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(limit))
		if err != nil {
			panic(err)
		}
		return d
	})
)

func (zstdFrame) pack(dst, data []byte) []byte { return encoder().EncodeAll(data, dst) }

// A skippable frame is this magic, a length of 4 bytes, and that many bytes.
const (
	skippable    = "\x50\x2a\x4d\x18"
	skippableLen = len(skippable) + 4
)

// packPadded puts a skippable frame of zeros behind the frame. All readers of Zstandard skip it.
func (z zstdFrame) packPadded(dst, data []byte, n int) []byte {
	start := len(dst)
	dst = z.pack(dst, data)
	pad := max(0, n-(len(dst)-start)-skippableLen)
	dst = append(dst, skippable...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(pad))
	return append(dst, make([]byte, pad)...)
}

var errZstd = errors.New("compress: the zstd frame is corrupt")

func (t *transform) undoZstd(dst, body []byte) ([]byte, error) {
	var head zstd.Header
	if err := head.Decode(body); err != nil {
		return dst, errZstd
	}
	if head.Skippable || !head.HasFCS {
		return dst, errors.New("compress: the zstd frame does not say how long the value is")
	}
	n := head.FrameContentSize
	memory, err := zstdRoom(&head)
	if err != nil {
		return dst, err
	}
	if err := t.allow(n, memory, len(body)); err != nil {
		return dst, err
	}
	one, err := firstFrame(body, &head)
	if err != nil {
		return dst, err
	}
	dst = frame.Grow(dst, int(memory))
	at := len(dst)
	out, err := decoder().DecodeAll(one, dst[at:at:at+int(memory)])
	if err != nil || uint64(len(out)) != n {
		return dst, errZstd
	}
	return append(dst, out...), nil // copies nothing: the capacity was enough
}

// zstdRoom is room for a frame. A piece is no longer than the window of the frame. The window is
// the whole value or what the header says, and at least 1 KiB.
func zstdRoom(head *zstd.Header) (uint64, error) {
	n, window := head.FrameContentSize, head.WindowSize
	if head.SingleSegment {
		window = n
	}
	if n > limit {
		return 0, errZstd
	}
	return n + min(max(window, zstd.MinWindowSize), block) + spare, nil
}

// firstFrame returns the frame in body. Only padding of packPadded may follow it. The library would
// read any number of frames.
func firstFrame(body []byte, head *zstd.Header) ([]byte, error) {
	const (
		headLen = 3 // of a block
		rle     = 1 // one byte, repeated
	)
	at := head.HeaderSize
	for last := false; !last; {
		if len(body)-at < headLen {
			return nil, errZstd
		}
		bits := uint32(body[at]) | uint32(body[at+1])<<8 | uint32(body[at+2])<<16
		at += headLen
		last = bits&1 != 0
		kind, size := bits>>1&3, int(bits>>3)
		if kind == rle {
			size = 1
		}
		if size > len(body)-at {
			return nil, errZstd
		}
		at += size
	}
	if head.HasCheckSum {
		at += 4
	}
	if at > len(body) {
		return nil, errZstd
	}
	if rest := body[at:]; len(rest) > 0 && !isPadding(rest) {
		return nil, errors.New("compress: there is more data behind the zstd frame")
	}
	return body[:at], nil
}

func isPadding(b []byte) bool {
	if !bytes.HasPrefix(b, []byte(skippable)) || len(b) < skippableLen ||
		uint64(binary.LittleEndian.Uint32(b[len(skippable):])) != uint64(len(b)-skippableLen) {
		return false
	}
	return len(bytes.TrimLeft(b[skippableLen:], "\x00")) == 0
}
