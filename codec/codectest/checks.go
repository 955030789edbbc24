package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/activettl/rediscache/codec"
)

// encodeLeavesValue looks at a value in two ways. The text from fmt misses values behind inner
// pointers. The comparison with a copy misses values behind pointers in unexported fields.
func (p *probe[V]) encodeLeavesValue() error {
	for i, s := range p.take() {
		if s.changed != nil {
			return fmt.Errorf("value %d: %w", i, s.changed)
		}
	}
	return nil
}

func (p *probe[V]) roundTrips() error {
	var failed []error
	for i, s := range p.take() {
		if s.failed != nil {
			failed = append(failed, fmt.Errorf("value %d: %w", i, s.failed))
		}
	}
	if failed != nil {
		return errors.Join(failed...)
	}
	return p.each(p.comesBack)()
}

func (p *probe[V]) encodedIsOwned(s *sample[V]) error {
	data, err := p.encode(s.value)
	if err != nil {
		return err
	}
	kept := bytes.Clone(data)
	for _, other := range p.suite.Values {
		if _, err := p.encode(other); err != nil && errors.Is(err, errPanicked) {
			return err
		}
	}
	if !bytes.Equal(data, kept) {
		return errors.New("a later Encode wrote into bytes returned before")
	}
	return p.withOverwritten(data[:cap(data)], s)
}

// withOverwritten checks a value while its encoded bytes are overwritten. Then it restores the
// bytes: if they share memory with the value, later checks need the old value.
func (p *probe[V]) withOverwritten(data []byte, s *sample[V]) error {
	overwrite(data)
	defer overwrite(data)
	err := p.same(s.before, s.value, "the encoded bytes share memory with the value")
	if err != nil {
		return err
	}
	again, err := p.encode(s.value)
	if err != nil {
		return err
	}
	after, err := p.decode(again)
	if err != nil {
		return fmt.Errorf("after the caller wrote into encoded bytes: %w", err)
	}
	return p.same(s.want, after, "writing into encoded bytes changed a later Encode")
}

func (p *probe[V]) decodeLeavesInput(s *sample[V]) error {
	const spare = 64 // capacity that belongs to the caller
	whole := append(bytes.Clone(s.data), make([]byte, spare)...)
	input := whole[:len(s.data)]
	if _, err := p.decode(input); err != nil {
		return err
	}
	if !bytes.Equal(input, s.data) {
		return errors.New("the input of Decode was modified")
	}
	if !bytes.Equal(whole[len(input):], make([]byte, spare)) {
		return errors.New("Decode wrote behind its input")
	}
	return nil
}

func (p *probe[V]) decodeKeepsNothing(s *sample[V]) error {
	// A copy: otherwise a codec that aliases in Encode too changes both values, and looks right.
	input := bytes.Clone(s.data)
	got, err := p.decode(input)
	if err != nil {
		return err
	}
	overwrite(input)
	if err := p.same(s.want, got, "overwriting the input changed a decoded value"); err != nil {
		return err
	}
	for _, other := range p.samples {
		if !other.useless {
			_, _ = p.decode(bytes.Clone(other.data))
		}
	}
	return p.same(s.want, got, "a later Decode changed a decoded value")
}

func (p *probe[V]) manyGoroutines() error {
	size := 1
	for _, s := range p.take() {
		size += len(s.data)
	}
	const goroutines = 8
	rounds := max(1, min(20, budget/size/goroutines))
	failures := make(chan error, goroutines)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range rounds {
				if err := p.each(p.comesBack)(); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failures)
	return <-failures
}

func (p *probe[V]) quotedNothing() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leaked
}

// typeAccepted calls codec.Check, as cache.New does.
func (p *probe[V]) typeAccepted() (err error) {
	defer p.guard("Check", &err)
	if err := codec.Check(p.suite.Codec); err != nil {
		return fmt.Errorf("cache.New would refuse the codec: %w", err)
	}
	return nil
}

func overwrite(data []byte) {
	for i := range data {
		data[i] ^= 0xff
	}
}
