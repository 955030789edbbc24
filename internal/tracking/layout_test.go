package tracking

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// nodes is a reply to CLUSTER NODES.
const nodes = `aa 127.0.0.1:7001@17001,a.example myself,master - 0 1700000000000 3 ` +
	`connected 0-5460 [93->-bb]
bb 127.0.0.1:7002@17002 master - 0 1700000000001 2 connected 5461-10922 16000
cc 127.0.0.1:7003@17003 slave aa 0 1700000000002 3 connected
dd 127.0.0.1:7004@17004 master - 0 1700000000003 0 connected
`

// The layout consists of the nodes, their slots and their epochs, and of nothing else.
func TestOwners(t *testing.T) {
	was := owners(nodes)
	lines := strings.SplitAfter(nodes, "\n")
	for what, same := range map[string]string{
		"another order":     lines[1] + lines[0] + lines[3] + lines[2],
		"other times":       strings.ReplaceAll(nodes, "17000000000", "18000000000"),
		"a replica goes":    lines[0] + lines[1] + lines[3],
		"no slot migrates":  strings.ReplaceAll(nodes, " [93->-bb]", ""),
		"a node may be out": strings.ReplaceAll(nodes, "master -", "master,fail? -"),
	} {
		if got := owners(same); got != was {
			t.Errorf("%s: %q, want %q", what, got, was)
		}
	}
	for what, other := range map[string]string{
		"a slot moves": strings.NewReplacer(" 16000", "", "0-5460", "0-5460 16000").
			Replace(nodes),
		"a slot has no node":    strings.ReplaceAll(nodes, " 16000", ""),
		"another node":          strings.ReplaceAll(nodes, "bb 127", "ee 127"),
		"a slot came back here": strings.ReplaceAll(nodes, " 3 connected 0", " 4 connected 0"),
		"nothing":               "",
	} {
		if got := owners(other); got == was {
			t.Errorf("%s: the layout is the same", what)
		}
	}
}

// reply is an error that a server has answered.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// refused tells lasting refusals from passing errors, also in the texts of scripts before Redis 7.
func TestRefused(t *testing.T) {
	const before7 = "ERR Error running script (call to f_0): @user_script:1: @user_script: 1: -"
	for err, want := range map[error]bool{
		reply("NOPERM this user has no permissions to run the 'client|tracking' command"): true,
		reply("ERR unknown command 'client', with args beginning with: 'tracking'"):       true,
		reply("ERR Prefix 'users:' overlaps with another provided prefix"):                true,
		fmt.Errorf("wrapped: %w", errRESP2):                                               true,
		unreturned{"panic"}:                                                               true,
		reply("READONLY You can't write against a read only replica."):                    false,
		reply(before7 + "READONLY You can't write against a read only replica."):          false,
		reply(before7 + "MISCONF Redis is configured to save RDB snapshots"):              false,
		reply("NOREPLICAS Not enough good replicas to write. script: 0, on @user_sc:1"):   false,
		reply("LOADING Redis is loading the dataset in memory"):                           false,
		reply("MASTERDOWN Link with MASTER is down"):                                      false,
		reply("CLUSTERDOWN The cluster is down"):                                          false,
		reply("MOVED 1 127.0.0.1:7001"):                                                   false,
		reply("BUSY Redis is busy running a script."):                                     false,
		reply("ERR max number of clients reached"):                                        false,
		io.EOF:                         false,
		errors.New("connection reset"): false,
		redis.ErrClosed:                false,
	} {
		if got := refused(err); got != want {
			t.Errorf("%v is refused: %v, want %v", err, got, want)
		}
	}
}
