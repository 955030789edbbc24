package cache_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strconv"
	"strings"
)

// replying dials a server that gives one reply to every command, and an error to HELLO.
func replying(reply string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			r := bufio.NewReader(server)
			for {
				name, err := readCommand(r)
				if err != nil {
					return
				}
				answer := reply
				if name == "hello" {
					answer = "-ERR unknown command 'hello'\r\n"
				}
				if _, err := io.WriteString(server, answer); err != nil {
					return
				}
			}
		}()
		return client, nil
	}
}

// readCommand reads a command and returns its name.
func readCommand(r *bufio.Reader) (name string, err error) {
	number := func() (n int, err error) {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	args, err := number()
	for i := range args {
		if err != nil {
			return "", err
		}
		size, err := number()
		if err != nil {
			return "", err
		}
		arg := make([]byte, size+2)
		if _, err := io.ReadFull(r, arg); err != nil {
			return "", err
		}
		if i == 0 {
			name = strings.ToLower(string(arg[:size]))
		}
	}
	return name, err
}
