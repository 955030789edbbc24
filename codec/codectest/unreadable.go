package codectest

import (
	"errors"
	"fmt"
	"reflect"
)

// unreadableRefused tries to make Encode write bytes that Decode refuses. It runs after the checks
// of hostile inputs. Some of those decode, and what Encode writes for such a value must decode
// again.
func (p *probe[V]) unreadableRefused() error {
	if err := p.each(func(*sample[V]) error { return nil })(); err != nil {
		return err
	}
	for i, v := range p.suite.Doubtful {
		if err := p.comesBackIfWritten(v); err != nil {
			return fmt.Errorf("doubtful value %d: %w", i, err)
		}
	}
	for _, v := range oddities[V]() {
		data, err := p.encode(v)
		if errors.Is(err, errPanicked) {
			return fmt.Errorf("a value of type %T: %w", v, err)
		}
		if err == nil {
			p.readable(data, fmt.Sprintf("a value of type %T", v))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unreadable
}

func (p *probe[V]) comesBackIfWritten(v V) error {
	before := copied(v)
	data, err := p.encode(v)
	if errors.Is(err, errPanicked) {
		return err
	}
	if err != nil {
		return nil
	}
	got, err := p.decode(data)
	if err != nil {
		return fmt.Errorf("Encode accepts what Decode refuses: %w", err)
	}
	return p.same(before, got, "Encode accepts a value and another one comes back")
}

// readable decodes data, and remembers it if it does not decode.
func (p *probe[V]) readable(data []byte, what string) {
	if _, err := p.decode(data); err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.unreadable == nil {
			p.unreadable = fmt.Errorf("Encode accepts what Decode refuses, %s: %w", what, err)
		}
	}
}

// oddities returns values that a codec of V may not be able to decode: the zero value, and if V is
// an interface, unusual values in it.
func oddities[V any]() []V {
	odd := make([]V, 1)
	if reflect.TypeFor[V]().Kind() != reflect.Interface {
		return odd
	}
	var deep any = "innermost"
	for range 10_002 {
		deep = []any{deep}
	}
	for _, v := range []any{
		map[string]any(nil), []any(nil), (*int)(nil), []byte(nil),
		map[int]string{1: "one"}, map[any]any{true: 1}, []map[int]string{{1: "one"}},
		struct{ A any }{map[int]string{1: "one"}}, struct{}{}, deep,
	} {
		if v, ok := v.(V); ok {
			odd = append(odd, v)
		}
	}
	return odd
}
