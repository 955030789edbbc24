package document

import (
	"errors"
	"fmt"
	"strings"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/seal"
	"github.com/activettl/rediscache/internal/frame"
)

// Layer is one transformation of a value.
type Layer struct {
	kind   frame.Kind
	number uint64 // of a version, or of the key of a seal
}

// String describes the layer.
func (l Layer) String() string {
	switch l.kind {
	case frame.Sealed:
		return fmt.Sprintf("sealed with key %d", l.number)
	case frame.Version:
		return fmt.Sprintf("version %d", l.number)
	case frame.S2:
		return "compressed by S2"
	case frame.Zstd:
		return "compressed by Zstandard"
	}
	return "framed" // and not compressed
}

// Layers are the transformations of a value, the outermost first.
type Layers []Layer

// Words describes each layer, the outermost first.
func (l Layers) Words() []string {
	words := make([]string, len(l))
	for i, layer := range l {
		words[i] = layer.String()
	}
	return words
}

// String describes all layers in one line.
func (l Layers) String() string { return strings.Join(l.Words(), ", ") }

// ErrSealed means that a value is sealed and that there is no key for it.
var ErrSealed = errors.New("the value is sealed")

// maxLayers is more than codecs can put around a value.
const maxLayers = 8

// packing reads and writes the frames of package compress.
var packing = map[frame.Kind]codec.Codec[[]byte]{
	frame.Raw:  compress.S2(codec.Bytes{}, &compress.Options{Min: 1 << 30, Max: 1 << 30}),
	frame.S2:   compress.S2(codec.Bytes{}, &compress.Options{Max: 1 << 30}),
	frame.Zstd: compress.Zstd(codec.Bytes{}, &compress.Options{Max: 1 << 30}),
}

// Open takes the layers off the value of a Redis key. Keys may be nil. After an error, layers ends
// with the layer that cannot be taken off.
func Open(key string, data []byte, keys *Keys) (plain []byte, layers Layers, err error) {
	for len(layers) < maxLayers {
		kind, body, err := frame.Cut(data)
		if err != nil { // it is not a frame
			return data, layers, nil
		}
		switch kind {
		case frame.Sealed:
			data, layers, err = unseal(key, data, body, keys, layers)
		case frame.Version:
			var number uint64
			if number, body, err = frame.CutUvarint(body); err == nil {
				data, layers = body, append(layers, Layer{kind, number})
			}
		case frame.Raw, frame.S2, frame.Zstd:
			layers = append(layers, Layer{kind: kind})
			data, err = packing[kind].Decode(data)
		default: // not a frame, or one of a later version
			return data, layers, nil
		}
		if err != nil {
			return nil, layers, err
		}
	}
	return nil, layers, fmt.Errorf("the value has more than %d layers", maxLayers)
}

// unseal takes a seal off. A value that seal.Keys has sealed begins with the id of its key.
func unseal(key string, data, body []byte, keys *Keys, layers Layers) ([]byte, Layers, error) {
	id, _, err := frame.CutUvarint(body)
	if err != nil {
		return nil, append(layers, Layer{kind: frame.Sealed}), err
	}
	layers = append(layers, Layer{frame.Sealed, id})
	if keys == nil {
		return nil, layers, fmt.Errorf("%w: it needs key %d, if seal.Keys has made its AEAD",
			ErrSealed, id)
	}
	plain, err := codec.DecodeFor(seal.New(codec.Bytes{}, keys.aead, nil), key, data)
	return plain, layers, err
}

// Close puts the layers around a value again.
func Close(key string, plain []byte, layers Layers, keys *Keys) (data []byte, err error) {
	data = plain
	for i := len(layers) - 1; i >= 0; i-- {
		switch layer := layers[i]; layer.kind {
		case frame.Sealed:
			var with seal.AEAD
			if with, err = keys.current(layer.number); err == nil {
				data, err = codec.EncodeFor(seal.New(codec.Bytes{}, with, nil), key, data)
			}
		case frame.Version:
			data = append(frame.AppendVersion(nil, layer.number), data...)
		default:
			data, err = packing[layer.kind].Encode(data)
		}
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}
