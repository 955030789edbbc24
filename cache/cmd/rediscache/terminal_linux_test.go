package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/ttl"
)

// console is a terminal of the kernel, with the tool running on it.
type console struct {
	main *os.File // the side of the user

	mu   sync.Mutex
	seen bytes.Buffer
	done chan struct{}
	code int
}

// open runs the tool on a terminal.
func (p place) open(t *testing.T, args ...string) *console {
	t.Helper()
	main, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("SKIP: no terminal can be made: %v", err)
	}
	t.Cleanup(func() { _ = main.Close() })
	var n, unlocked uint32
	control(t, main, syscall.TIOCSPTLCK, &unlocked)
	control(t, main, syscall.TIOCGPTN, &n)
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	must(t, err)
	defer tty.Close()
	cmd := toolCmd(t, p.env, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	// Ctrl-C reaches the tool only if this is its controlling terminal.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	must(t, cmd.Start())
	c := &console{main: main, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		buf := make([]byte, 4096)
		for {
			n, err := main.Read(buf)
			c.mu.Lock()
			c.seen.Write(buf[:n])
			c.mu.Unlock()
			if err != nil { // the tool has ended
				break
			}
		}
		_ = cmd.Wait()
		c.code = cmd.ProcessState.ExitCode()
	}()
	return c
}

func control(t *testing.T, f *os.File, request uintptr, arg *uint32) {
	t.Helper()
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(arg)))
	if errno != 0 {
		t.Skipf("SKIP: no terminal can be made: %v", errno)
	}
}

// text returns everything that was written to the terminal.
func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.ReplaceAll(c.seen.String(), "\r\n", "\n")
}

// await waits for a text. The limit of the tool's run ends it.
func (c *console) await(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(c.text(), text) {
		select {
		case <-c.done:
			if !strings.Contains(c.text(), text) {
				t.Fatalf("it has ended without %q: %q", text, c.text())
			}
		default:
			must(t, task.Sleep(t.Context(), time.Millisecond))
		}
	}
}

func (c *console) say(t *testing.T, text string) {
	t.Helper()
	_, err := c.main.WriteString(text)
	must(t, err)
}

func (c *console) end(t *testing.T, code int, last string) {
	t.Helper()
	<-c.done
	if c.code != code || !strings.HasSuffix(c.text(), last) {
		t.Errorf("exit %d with %q, want %d and %q", c.code, c.text(), code, last)
	}
}

func TestAsk(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	records := p.records(t, name, ttl.Active(time.Hour))
	for _, key := range []string{"a", "b", "c"} {
		must(t, records.Set(t.Context(), key, []byte("old")))
		must(t, p.client.PExpire(t.Context(), name+":"+key, 10*time.Minute).Err())
	}
	refused := func(command string) string {
		return "rediscache " + command + ": not done: the answer was not yes\n"
	}
	tests := []struct {
		args        []string
		question    string
		no, yes     string
		left, after string
	}{
		{[]string{"set", name, "a", "new"}, "replace the record " + name +
			" a, which has 3 B? [y/N] ",
			refused("set " + name + " a"), "", "3", "3"},
		{[]string{"rm", name, "a", "b"}, "remove 2 records of " + name + "? [y/N] ",
			refused("rm " + name), "", "3", "1"},
		{[]string{"sweep", name, "-max-idle", "45m", "-policy-ttl", "1h"},
			"remove 1 of 1 record of " +
				name + ", which nobody has used for 45m? [y/N] ", refused("sweep " + name), "", "1",
			"0"},
	}
	for _, tt := range tests {
		for _, answer := range []string{"\n", "n\n", "maybe\n", "\x04", "\x03"} {
			c := p.open(t, tt.args...)
			c.await(t, tt.question)
			c.say(t, answer)
			if answer == "\x03" {
				c.end(t, exitInterrupted, ": interrupted\n")
			} else {
				c.end(t, exitFailure, tt.no)
			}
			p.wantCount(t, name, tt.left)
		}
		if v, err := records.Peek(t.Context(), "a"); tt.args[0] == "set" && string(v) != "old" {
			t.Errorf("set without a yes: %q, %v", v, err)
		}
		c := p.open(t, tt.args...)
		c.await(t, tt.question)
		c.say(t, "yes\n")
		c.end(t, exitOK, "")
		p.wantCount(t, name, tt.after)
	}
	must(t, records.Set(t.Context(), "d", []byte("x")))
	c := p.open(t, "clear", name)
	c.await(t, "remove all 1 record of "+name+"? [y/N] ")
	c.say(t, "Y\n")
	c.end(t, exitOK, "1 record removed\n")
	p.wantCount(t, name, "0")
	must(t, p.client.HSet(t.Context(), name+":marker", "n", 1).Err())
	must(t, p.client.PExpire(t.Context(), name+":marker", time.Minute).Err())
	c = p.open(t, "clear", name)
	c.await(t, "remove all 0 records and 1 lease or marker of "+name+"? [y/N] ")
	c.say(t, "y\n")
	c.end(t, exitOK, "0 records and 1 lease or marker removed\n")
	c = p.open(t, "clear", name)
	c.end(t, exitNotFound, "rediscache clear "+name+": there is no such cache: it has no record\n")
}

func (p place) wantCount(t *testing.T, name, want string) {
	t.Helper()
	if got := p.run(t, "count", name); got.out != want+"\n" {
		t.Errorf("count: %+v, want %s", got, want)
	}
}

// On a terminal, a long walk shows its progress. Ctrl-C ends it.
func TestProgress(t *testing.T) {
	s := redistest.Start(t)
	proxy := redistest.NewProxy(t, s.Addr())
	p := at(t, s)
	p.fill(t, "users", 100_000)
	proxy.Set(redistest.Spoil{Delay: 50 * time.Millisecond})
	c := place{env: environ(t, proxy.Addr())}.open(t, "count", "users")
	c.await(t, "\r\x1b[Kcount users: ")
	c.await(t, " % of the keys")
	c.say(t, "\x03")
	c.end(t, exitInterrupted, " records counted\n")
	if text := c.text(); !strings.Contains(text, "\r\x1b[Krediscache count users: interrupted; ") {
		t.Errorf("the line is not cleared: %q", text)
	}
}

// No byte of a hostile key or value reaches a terminal.
func TestTerminalIsSafe(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	const evil = "\x1b]0;evil\x07\u009b31m\u202e\r"
	records := p.records(t, name, ttl.Active(time.Hour))
	must(t, records.Set(t.Context(), evil, []byte(evil)))
	for key, value := range map[string]string{
		"msgpack": "\xa5\x1b[31m", "c1": "\u009b31m", "bidi": "\u202eevil", "cr": "good\revil",
	} {
		must(t, records.Set(t.Context(), key, []byte(value)))
	}
	quoted := fmt.Sprintf("%q", evil)
	for _, args := range [][]string{
		{"keys", name}, {"keys", name, "-json"}, {"get", name, evil}, {"get", name, quoted,
			"-json"},
		{"get", name, quoted, "-as", "text"}, {"get", name, quoted, "-raw"}, {"inspect", name,
			evil},
		{"get", name, "msgpack", "-raw"}, {"get", name, "c1", "-raw"},
		{"get", name, "bidi", "-raw"}, {"get", name, "cr", "-raw"},
		{"stats", name}, {"get", name, evil + "no"}, {"field", name, evil, evil + "=1"}, {evil},
		{"ls", "-" + evil}, {"rm", name, evil + "no"}, {"set", name, evil, "x", "-raw"},
		{"count", evil}, {"count", name, "-namespace", evil},
	} {
		c := p.open(t, args...)
		if args[0] == "set" {
			c.await(t, "[y/N] ")
			c.say(t, "n\n")
		}
		<-c.done
		text := strings.ReplaceAll(c.text(), "\r\x1b[K", "") // of progress, on a slow machine
		if strings.ContainsAny(text, "\x1b\x07\u009b\u202e\r") || text == "" {
			t.Errorf("%q: %q", args, text)
		}
	}
}
