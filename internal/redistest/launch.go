package redistest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	logName    = "redis.log"
	startLimit = 30 * time.Second // for a process to answer, and for a cluster to form
	pollEvery  = 3 * time.Millisecond
	probeLimit = 250 * time.Millisecond // for one answer; a stranger on the port may never give one
	// busOffset is the fixed distance between a node's port and its bus port. The directive
	// cluster-port allows any free port, but only since Redis 7.0, and the library supports 6.2.
	busOffset = 10000
	attempts  = 10
)

// setup says how a server is started and how a client connects to it.
type setup struct {
	path  string            // of the binary
	args  []string          // further directives of redis.conf, as flags
	files map[string]string // written to its directory first
	conf  string            // the one of the files that is its configuration; empty for none

	tls            *tls.Config // of its clients; nil for plain TCP
	user, password string      // of its clients; empty for none
}

// launch starts a server and waits until it answers. Another process may take the free port before
// the server does. Then launch tries the next port.
func launch(set setup) (*Server, error) {
	var last error
	for range attempts {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s, err := startOn(port, set)
		if !errors.Is(err, errPortTaken) {
			return s, err
		}
		last = err
	}
	return nil, fmt.Errorf("no port in %d attempts: %w", attempts, last)
}

// freePort returns a port that is free now and whose bus port is free too. A standalone server does
// not need the second; asking for both saves a parameter.
func freePort() (int, error) {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		bus, err := net.Listen("tcp", loopback(port+busOffset))
		_ = l.Close()
		if err != nil {
			continue // taken, or beyond 65535
		}
		_ = bus.Close()
		return port, nil
	}
	return 0, errors.New("the kernel has no free pair of ports")
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// startOn is one attempt. It returns a server that answers, errPortTaken, or another error with the
// server's log.
func startOn(port int, set setup) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		return nil, err
	}
	s := &Server{setup: set, addr: loopback(port), dir: dir}
	for name, content := range set.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err := s.start(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// arguments returns those of the command line: first a configuration file, last what the test asks
// for.
func (s *Server) arguments() (args []string) {
	if s.conf != "" {
		args = append(args, s.conf)
	}
	_, port, _ := strings.Cut(s.addr, ":")
	if s.tls == nil {
		args = append(args, "--port", port)
	} else {
		args = append(args, "--port", "0", "--tls-port", port)
	}
	args = append(args,
		"--bind", "127.0.0.1", "--protected-mode", "no", "--daemonize", "no",
		"--dir", s.dir, "--save", "", "--appendonly", "no",
	)
	return append(args, s.args...)
}

var (
	errPortTaken = errors.New("port taken")
	portTaken    = regexp.MustCompile(`(?i)address already in use|failed listening on port`)
)

// await waits until this process answers, and no other one on its port.
func (s *Server) await(p *process) error {
	limit := time.After(startLimit)
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var last error
	for {
		select {
		case <-p.exited:
			log := s.log()
			if portTaken.MatchString(log) {
				return fmt.Errorf("%w: %s", errPortTaken, s.addr)
			}
			return fmt.Errorf("%s ended at its start: %v\n%s", s.path, p.cmd.ProcessState, log)
		case <-limit:
			return fmt.Errorf("%s does not answer on %s after %v: %w\n%s", s.path, s.addr,
				startLimit, last, s.log())
		case <-poll.C:
			info, err := probe(s.addr, s.tls)
			if err != nil {
				last = err
				continue
			}
			if info.pid != 0 && info.pid != p.cmd.Process.Pid {
				return fmt.Errorf("%w: %s answers as process %d, ours is %d", errPortTaken, s.addr,
					info.pid, p.cmd.Process.Pid)
			}
			s.info = info
			return nil
		}
	}
}

// serverInfo is what a server says about itself. The pid is 0 if it wants a password first.
type serverInfo struct {
	pid     int
	version string
}

// probe sends INFO and not PING: the process id shows whether another process has taken the port.
// It speaks the protocol itself, because a client library would retry and log, and a refused
// connection is normal here.
func probe(addr string, secure *tls.Config) (serverInfo, error) {
	c, err := net.DialTimeout("tcp", addr, probeLimit)
	if err != nil {
		return serverInfo{}, err
	}
	if secure != nil {
		c = tls.Client(c, secure)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(probeLimit)); err != nil {
		return serverInfo{}, err
	}
	if _, err := io.WriteString(c, "INFO server\r\n"); err != nil {
		return serverInfo{}, err
	}
	r := bufio.NewReader(c)
	head, err := r.ReadString('\n')
	head = strings.TrimSpace(head)
	if err != nil {
		return serverInfo{}, err
	}
	if strings.HasPrefix(head, "-NOAUTH") {
		return serverInfo{version: "unknown (asks for a password)"}, nil
	}
	size, err := strconv.Atoi(strings.TrimPrefix(head, "$"))
	if err != nil {
		return serverInfo{}, fmt.Errorf("INFO: %s", head)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return serverInfo{}, err
	}
	fields := infoFields(string(body))
	pid, err := strconv.Atoi(fields["process_id"])
	if err != nil {
		return serverInfo{}, fmt.Errorf("INFO: process_id: %w", err)
	}
	version := "Redis " + fields["redis_version"]
	if v := fields["valkey_version"]; v != "" {
		version = "Valkey " + v
	}
	return serverInfo{pid: pid, version: version}, nil
}

// infoFields reads the "key:value" lines of an INFO reply.
func infoFields(info string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[k] = v
		}
	}
	return fields
}
