package flight

// keep is a renewal of the lease of a process while it loads.
func (m loading) keep(s loadState, p int, to func(string, loadState, ...age)) {
	f := s.flights[p]
	if f.place < won || f.place == over || f.blind || s.redis.kind != empty ||
		m.has(keepOnlyRenews) {
		return // it changes nothing, or only when the lease expires
	}
	s.redis = content{kind: leased, of: uint8(p)}
	to(process[p]+"a keep-alive creates the lease", s)
}

var process = [...]string{"A: ", "B: "}

// fly is the next step of the flight of a process.
func (m loading) fly(s loadState, p int, to func(string, loadState, ...age)) {
	n, who := s, process[p]
	f, own := &n.flights[p], content{kind: leased, of: uint8(p)}
	sending := func() {
		if p == 0 && s.follower == waits {
			n.later = true
		}
	}
	// end ends the flight. If the rule closed is missing, callers that come before the end share
	// the result.
	end := func(label string, alone bool, closed rule) {
		f.place, f.alone, f.done = over, alone, false
		if !m.has(closed) {
			sending()
		}
		if f.after {
			to(who+label, n, f.value)
		} else {
			to(who+label, n)
		}
	}
	if f.again && s.redis.kind == empty {
		c := s
		c.flights[p].again, c.redis = false, own
		to(who+"a copy of the claim is executed", c)
	}
	switch f.place {
	case idle:
		f.place, f.after = begun, s.writer == acked
		to(who+"a caller begins", n)
	case begun:
		if s.redis.kind == stored {
			f.place, f.alone, f.value = over, true, s.redis.value
			if f.after {
				to(who+"the caller reads a value", n, f.value)
			} else {
				to(who+"the caller reads a value", n)
			}
			return
		}
		f.place = missed
		to(who+"the caller reads nothing, and starts a flight", n)
	case missed:
		f.place = claimSent
		if m.has(closedBeforeLook) {
			sending()
		}
		to(who+"the claim is sent", n)
	case claimSent:
		m.claim(s, p, to)
	case hit:
		end("the claim's value comes", false, closedBeforeLook)
	case won:
		f.place, f.value = loaded, s.source
		to(who+"the loader reads "+s.source.String(), n)
	case lost:
		f.place, f.value = loadedAlone, s.source
		if m.has(proven) {
			sending()
		}
		to(who+"the loader reads "+s.source.String()+" without a lease", n)
	case loadedAlone:
		end("the flight ends without a fill", false, proven)
	case loaded:
		f.place = fillSent
		if m.has(closedBeforeFill) {
			sending()
		}
		to(who+"the fill is sent", n)
	case fillSent:
		f.place, f.done = filled, s.redis == own || s.redis.kind == leased && !m.has(ownToken)
		if f.done {
			n.redis = content{kind: stored, value: f.value}
			to(who+"the fill is executed", n)
		} else {
			to(who+"the fill is refused", n)
		}
		n = s
		end("the fill is lost", m.has(lostIsRefused), closedBeforeFill)
	case filled:
		end("the fill's reply comes", !f.done, closedBeforeFill)
		n = s
		end("the fill's reply is lost", m.has(lostIsRefused), closedBeforeFill)
	}
}

// claim is the execution of the claim of a process.
func (m loading) claim(s loadState, p int, to func(string, loadState, ...age)) {
	n, who := s, process[p]
	f := &n.flights[p]
	f.place, f.blind = lost, true
	to(who+"the claim is lost", n)
	n = s
	switch s.redis.kind {
	case empty:
		n.redis = content{kind: leased, of: uint8(p)}
		f.place, f.again = won, !m.has(claimOnce)
		to(who+"the claim is executed: yours", n)
	case leased:
		f.place = missed
		to(who+"the claim is executed: another loads", n)
	case stored:
		f.place, f.value = hit, s.redis.value
		to(who+"the claim is executed: "+f.value.String(), n)
	}
	f.place, f.again, f.value, f.blind = lost, false, old, true
	to(who+"the claim is executed and its reply is lost", n)
}
