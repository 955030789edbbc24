package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
)

// budget bounds what each check decodes for one value, in bytes. Small values are tried at every
// position, large ones at positions spread evenly, but at no fewer than attempts.
const (
	budget   = 1 << 20
	attempts = 16
)

// corrupt is also the check of the inputs that the suite's owner knows best.
func (p *probe[V]) corrupt() error {
	for i, data := range p.suite.Corrupt {
		if v, err := p.decode(data); err == nil {
			return fmt.Errorf("corrupt input %d decodes, to %+v", i, v)
		} else if errors.Is(err, errPanicked) {
			return fmt.Errorf("corrupt input %d: %w", i, err)
		}
	}
	return nil
}

func (p *probe[V]) truncated(_ V, data []byte) error {
	for n := 0; n < len(data); n += step(len(data), len(data)) {
		_, err := p.decode(data[:n:n])
		if err == nil && p.suite.SelfDelimiting {
			return fmt.Errorf("the first %d of %d bytes decode", n, len(data))
		}
		if errors.Is(err, errPanicked) {
			return fmt.Errorf("the first %d of %d bytes: %w", n, len(data), err)
		}
	}
	if p.suite.SelfDelimiting {
		if _, err := p.decode(append(bytes.Clone(data), 0)); err == nil {
			return errors.New("a byte behind the value is ignored")
		}
	}
	return nil
}

func (p *probe[V]) flippedBits(_ V, data []byte) error {
	for bit := 0; bit < 8*len(data); bit += step(8*len(data), len(data)) {
		flipped := bytes.Clone(data)
		flipped[bit/8] ^= 1 << (bit % 8)
		if err := p.survives(flipped); err != nil {
			return fmt.Errorf("bit %d flipped: %w", bit, err)
		}
	}
	return nil
}

// random tries noise, and noise in the midst of an encoded value, where it gets further. The seed
// is fixed: a failure repeats.
func (p *probe[V]) random() error {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	for range 2000 {
		if err := p.survives(noise(rnd.IntN(64))); err != nil {
			return fmt.Errorf("random input: %w", err)
		}
	}
	return p.each(func(_ V, data []byte) error {
		if len(data) == 0 {
			return nil
		}
		for range max(attempts, min(500, budget/len(data))) {
			spoiled := bytes.Clone(data)
			copy(spoiled[rnd.IntN(len(spoiled)):], noise(1+rnd.IntN(8)))
			if err := p.survives(spoiled); err != nil {
				return fmt.Errorf("spoiled input: %w", err)
			}
		}
		return nil
	})()
}

// survives accepts a value and an error alike. A value must also encode without a panic, since a
// cache may write it back.
func (p *probe[V]) survives(data []byte) error {
	v, err := p.decode(data)
	if err == nil {
		_, err = p.encode(v)
	}
	if errors.Is(err, errPanicked) {
		return fmt.Errorf("input %x: %w", data[:min(len(data), 256)], err)
	}
	return nil
}

// step spreads attempts of the given size over the positions so that they keep to the budget.
func step(positions, size int) int { return max(1, min(positions*size/budget, positions/attempts)) }
