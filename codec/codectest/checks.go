package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
)

func (p *probe[V]) roundTrip(v V, data []byte) error {
	got, err := p.decode(data)
	if err != nil {
		return fmt.Errorf("what Encode wrote does not decode: %w", err)
	}
	return p.same(v, got, "the decoded value is not the one that was encoded")
}

// encodeLeavesValue runs first, on values that no Encode has seen. It looks at them twice: as fmt
// prints them, which misses what is behind inner pointers, and next to a decoded copy, which misses
// a change that Encode makes before it writes.
func (p *probe[V]) encodeLeavesValue() error {
	for i, v := range p.suite.Values {
		before := fmt.Sprintf("%+v", v)
		data, err := p.encode(v)
		if err != nil {
			return fmt.Errorf("value %d: %w", i, err)
		}
		if after := fmt.Sprintf("%+v", v); after != before {
			return fmt.Errorf("value %d: Encode changed it:\n got %s\nwant %s", i, after, before)
		}
		encoded, err := p.decode(data)
		if err != nil {
			return fmt.Errorf("value %d: %w", i, err)
		}
		if err := p.same(encoded, v, "Encode changed the value"); err != nil {
			return fmt.Errorf("value %d: %w", i, err)
		}
	}
	return nil
}

func (p *probe[V]) encodedIsOwned(v V, data []byte) error {
	kept := bytes.Clone(data)
	for _, other := range p.suite.Values {
		if _, err := p.encode(other); err != nil {
			return err
		}
	}
	if !bytes.Equal(data, kept) {
		return errors.New("a later Encode wrote into bytes returned before")
	}
	before, err := p.decode(kept)
	if err != nil {
		return err
	}
	overwrite(data[:cap(data)])
	if err := p.same(before, v, "the encoded bytes share memory with the value"); err != nil {
		return err
	}
	again, err := p.encode(v)
	if err != nil {
		return err
	}
	after, err := p.decode(again)
	if err != nil {
		return fmt.Errorf("after the caller wrote into encoded bytes: %w", err)
	}
	return p.same(v, after, "writing into encoded bytes changed a later Encode")
}

func (p *probe[V]) decodeLeavesInput(_ V, data []byte) error {
	kept := bytes.Clone(data)
	if _, err := p.decode(data); err != nil {
		return err
	}
	if !bytes.Equal(data, kept) {
		return errors.New("the input of Decode was modified")
	}
	return nil
}

func (p *probe[V]) decodeKeepsNothing(v V, data []byte) error {
	// A copy, lest a codec that aliases in Encode as well changes both values and looks right.
	input := bytes.Clone(data)
	got, err := p.decode(input)
	if err != nil {
		return err
	}
	overwrite(input)
	return p.same(v, got, "overwriting the input changed a decoded value")
}

func (p *probe[V]) manyGoroutines() error {
	size := 1
	err := p.each(func(_ V, data []byte) error {
		size += len(data)
		return nil
	})()
	if err != nil {
		return err
	}
	const goroutines = 8
	rounds := max(1, min(20, budget/size/goroutines))
	failures := make(chan error, goroutines)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range rounds {
				if err := p.each(p.roundTrip)(); err != nil {
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

func (p *probe[V]) same(want, got V, otherwise string) error {
	if p.equal(want, got) {
		return nil
	}
	return fmt.Errorf("%s:\n got %+v\nwant %+v", otherwise, got, want)
}

func overwrite(data []byte) {
	for i := range data {
		data[i] ^= 0xff
	}
}
