package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
)

// budget bounds the number of bytes that each check decodes for one value. Small values are tried
// at every position, and large ones at evenly spread positions, at least attempts of them.
const (
	budget   = 1 << 20
	attempts = 16
)

// corrupt tries all of Suite.Corrupt, and does not stop at the first fault.
func (p *probe[V]) corrupt() error {
	_ = p.lyingHeaders()
	var failed []error
	for i, data := range p.suite.Corrupt {
		v, err, wrong := p.hostile(bytes.Clone(data))
		switch {
		case wrong != nil:
			failed = append(failed, p.blame(wrong, either, "corrupt input %d", i))
		case err == nil:
			failed = append(failed, fmt.Errorf("corrupt input %d decodes, to %+v", i, v))
		case errors.Is(err, errPanicked):
			failed = append(failed, fmt.Errorf("corrupt input %d: %w", i, err))
		}
	}
	return errors.Join(failed...)
}

func (p *probe[V]) truncated(s *sample[V]) error {
	if p.suite.SelfDelimiting && !s.useless {
		if _, err := p.decode(append(bytes.Clone(s.data), 0)); err == nil {
			return errors.New("a byte behind the value is ignored")
		}
	}
	if err := p.skipHog(); err != nil {
		return err
	}
	for n := 0; n < len(s.data); n += step(len(s.data), len(s.data)) {
		_, err, wrong := p.hostile(bytes.Clone(s.data[:n]))
		switch {
		case wrong != nil:
			return p.blame(wrong, either, "the first %d of %d bytes", n, len(s.data))
		case err == nil && p.suite.SelfDelimiting:
			return fmt.Errorf("the first %d of %d bytes decode", n, len(s.data))
		case errors.Is(err, errPanicked):
			return fmt.Errorf("the first %d of %d bytes: %w", n, len(s.data), err)
		}
	}
	return nil
}

func (p *probe[V]) flippedBits(s *sample[V]) error {
	if err := p.skipHog(); err != nil {
		return err
	}
	for bit := 0; bit < 8*len(s.data); bit += step(8*len(s.data), len(s.data)) {
		flipped := bytes.Clone(s.data)
		flipped[bit/8] ^= 1 << (bit % 8)
		if err := p.survives(flipped); err != nil {
			return p.blame(err, either, "bit %d flipped", bit)
		}
	}
	return nil
}

// random tries noise, and noise in the middle of an encoded value, where Decode gets further. The
// seed is fixed, so a failure repeats.
func (p *probe[V]) random() error {
	if err := p.skipHog(); err != nil {
		return err
	}
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
			return p.blame(err, either, "random input")
		}
	}
	for i, s := range p.samples {
		if len(s.data) == 0 {
			continue
		}
		for range max(attempts, min(500, budget/len(s.data))) {
			spoiled := bytes.Clone(s.data)
			copy(spoiled[rnd.IntN(len(spoiled)):], noise(1+rnd.IntN(8)))
			if err := p.survives(spoiled); err != nil {
				return p.blame(err, either, "value %d: spoiled input", i)
			}
		}
	}
	return nil
}

// survives accepts a value or an error. A value must also encode without a panic, since a cache may
// write it back. The written bytes must decode: see unreadableRefused.
func (p *probe[V]) survives(data []byte) error {
	v, err, wrong := p.hostile(data)
	var again []byte
	if err == nil {
		if again, err = p.encode(v); err == nil {
			p.readable(again, fmt.Sprintf("a value decoded from %x", data[:min(len(data), 64)]))
		}
	}
	if wrong == nil && errors.Is(err, errPanicked) {
		wrong = err
	}
	if wrong != nil {
		return fmt.Errorf("input %x: %w", data[:min(len(data), 64)], wrong)
	}
	return nil
}

// step returns the distance between tried positions that keeps attempts of this size within budget.
func step(positions, size int) int { return max(1, min(positions*size/budget, positions/attempts)) }
