package wire

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Explain returns an error that says what to do if the client has the wrong type for the server or
// does not trust its certificate. It returns other errors unchanged.
func (c *Client) Explain(err error) error {
	_, untrusted := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case err == nil:
	case untrusted:
		return &explained{err, err.Error() + ": the client needs the certificate of the " +
			"authority, in its TLSConfig or with cache.FromEnv as REDIS_TLS_CA_FILE"}
	case !c.Clustered() && redirected(err):
		return &explained{err, "MOVED: this server is one of a cluster; use a " +
			"redis.ClusterClient, or with cache.FromEnv REDIS_ADDRS"}
	case c.Clustered() && says(err, "cluster support disabled"):
		return &explained{err, err.Error() + ": it is no cluster; use a redis.Client, or with " +
			"cache.FromEnv REDIS_HOST or REDIS_URL with one address"}
	}
	return err
}

// explained is an error with another text.
type explained struct {
	err  error
	text string
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }

// needs says which operations need a command, by command.
var needs = map[string]string{
	"getex":   "reads under an Active policy",
	"unlink":  "Delete and Clear",
	"evalsha": "Update, Modify, loads and sweeps",
	"eval":    "Update, Modify, loads and sweeps",
	"scan":    "All, Keys, Len, Clear and Sweep",
	"client":  "Options.Near",
}

// unknown makes the error for a server that does not know a command. It drops the arguments that
// Redis quotes, since the value may be one of them.
func unknown(cmd redis.Cmder) error {
	text, _, _ := strings.Cut(cmd.Err().Error(), ", with args")
	text = strings.TrimPrefix(text, "ERR ")
	if who := needs[strings.ToLower(cmd.Name())]; who != "" {
		text = fmt.Sprintf("%s (for %s)", text, who)
	}
	return unknownCommand(text)
}
