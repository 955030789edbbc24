package env

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// Host is the name or the IP address of a host, or the path of a unix socket.
type Host string

// EnvDecode implements envconfig.Decoder.
func (h *Host) EnvDecode(s string) error {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "/") {
		*h = Host(s)
		return nil
	}
	host, ok := hostname(s)
	if !ok {
		return Takes("a host name or an IP address, without a port, or the path of a unix socket")
	}
	*h = Host(host)
	return nil
}

// hostname checks the name or the IP address of a host. IPv6 may be in brackets. hostname returns
// names in lower case, so that they can be compared.
func hostname(s string) (host string, ok bool) {
	bare, bracketed := strings.CutPrefix(s, "[")
	if bracketed {
		bare, bracketed = strings.CutSuffix(bare, "]")
	}
	ip, err := netip.ParseAddr(bare)
	if err == nil && (bare == s || bracketed && ip.Is6()) {
		return bare, true
	}
	foreign := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	}
	return strings.ToLower(s), s != "" && !strings.ContainsFunc(s, foreign)
}

// Port is the number of a port. For a service or a container, Kubernetes and Docker set
// tcp://10.0.0.11:6379, which names a host too.
type Port struct {
	Number int
	Host   string // only of the tcp:// form
}

// EnvDecode implements envconfig.Decoder.
func (p *Port) EnvDecode(s string) error {
	addr, injected := strings.CutPrefix(strings.TrimSpace(s), "tcp://")
	if injected {
		if host, port, ok := splitAddr(addr); ok {
			*p = Port{Number: port, Host: host}
			return nil
		}
	} else if n, ok := number(s, 1, maxPort); ok {
		*p = Port{Number: n}
		return nil
	}
	return Takes("a port from 1 to 65535, or the tcp://host:port of Kubernetes")
}

// IsOf reports whether a host in lower case is the host of the tcp:// form. It is if it is the same
// address. It also is if it is a name of the service or container redis: redis, redis.namespace,
// redis.namespace.svc and so on.
func (p Port) IsOf(host string) bool {
	labels := strings.Split(host, ".")
	return host == p.Host || labels[0] == "redis" && (len(labels) <= 2 || labels[2] == "svc")
}

const maxPort = 65535

// Addrs are host:port addresses, separated by commas or blanks.
type Addrs []string

// EnvDecode implements envconfig.Decoder.
func (a *Addrs) EnvDecode(s string) error {
	*a = nil
	for _, addr := range strings.FieldsFunc(s, func(r rune) bool {
		return r == ',' || unicode.IsSpace(r)
	}) {
		host, port, ok := splitAddr(addr)
		if !ok {
			*a = nil
			break
		}
		*a = append(*a, net.JoinHostPort(host, strconv.Itoa(port)))
	}
	if *a == nil {
		return Takes("host:port addresses, separated by commas")
	}
	return nil
}

func splitAddr(addr string) (host string, port int, ok bool) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, false
	}
	port, inRange := number(text, 1, maxPort)
	host, ok = hostname(host)
	return host, port, ok && inRange
}
