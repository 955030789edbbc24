package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	logName    = "redis.log"
	startLimit = 10 * time.Second // for a process to answer, and for a cluster to form
	pollEvery  = 3 * time.Millisecond
	probeLimit = 250 * time.Millisecond // for one answer; a stranger on the port may never give one
	// busOffset is Redis' own distance between a node's port and its bus port. The directive cluster-port would allow any
	// free port, but only since 7.0, and the library supports 6.2.
	busOffset = 10000
	attempts  = 10
)

// launch starts a server and waits until it answers. Between the moment we give a free port back and the moment the server
// takes it, another process may have it; then it tries the next one.
func launch(path string, args []string) (*Server, error) {
	var last error
	for range attempts {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s, err := startOn(port, path, args)
		if !errors.Is(err, errPortTaken) {
			return s, err
		}
		last = err
	}
	return nil, fmt.Errorf("no port in %d attempts: %w", attempts, last)
}

// freePort returns a port that is free now and whose bus port is free too. A standalone server does not need the second,
// and asking for it anyway saves a parameter.
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

// startOn is one attempt: it returns a server that answers, or errPortTaken, or another error with the server's log.
func startOn(port int, path string, args []string) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		return nil, err
	}
	logFile, err := os.Create(filepath.Join(dir, logName))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer logFile.Close() // the process has its own descriptor

	base := []string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--protected-mode", "no", "--daemonize", "no",
		"--dir", dir, "--save", "", "--appendonly", "no",
	}
	s := &Server{addr: loopback(port), dir: dir, cmd: exec.Command(path, append(base, args...)...), exited: make(chan struct{})}
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, logFile, logFile
	if err := servers.add(s); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	go func() {
		defer close(s.exited)
		_ = s.cmd.Wait() // the reason stands in cmd.ProcessState
	}()
	if err := s.await(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

var (
	errPortTaken = errors.New("port taken")
	portTaken    = regexp.MustCompile(`(?i)address already in use|failed listening on port`)
)

// await blocks until the process itself answers.
func (s *Server) await() error {
	limit := time.After(startLimit)
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var last error
	for {
		select {
		case <-s.exited:
			log := s.log()
			if portTaken.MatchString(log) {
				return fmt.Errorf("%w: %s", errPortTaken, s.addr)
			}
			return fmt.Errorf("%s ended at its start: %v\n%s", s.cmd.Path, s.cmd.ProcessState, log)
		case <-limit:
			return fmt.Errorf("%s does not answer on %s after %v: %w\n%s", s.cmd.Path, s.addr, startLimit, last, s.log())
		case <-poll.C:
			info, err := probe(s.addr)
			if err != nil {
				last = err
				continue
			}
			if info.pid != 0 && info.pid != s.cmd.Process.Pid {
				return fmt.Errorf("%w: %s answers as process %d, ours is %d", errPortTaken, s.addr, info.pid, s.cmd.Process.Pid)
			}
			s.info = info
			return nil
		}
	}
}

// serverInfo is what a server says about itself; zero if it wants a password first.
type serverInfo struct {
	pid     int
	version string
}

// probe asks for INFO rather than PING: the process id proves that the answer is not a stranger's who won the port. It
// speaks the protocol itself since a client library would retry and log where a refused connection is the normal case.
func probe(addr string) (serverInfo, error) {
	c, err := net.DialTimeout("tcp", addr, probeLimit)
	if err != nil {
		return serverInfo{}, err
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
