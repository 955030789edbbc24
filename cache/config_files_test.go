package cache_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// pems are the files that a TLS client needs.
type pems struct{ ca, cert, key string }

func caFile(t *testing.T) string { return secureFiles(t, redistest.Secure(t)).ca }

// secureFiles writes the files that a client of the server needs. The certificate of the authority
// is the last one of the chain that the client verifies.
func secureFiles(t *testing.T, s *redistest.Server) (f pems) {
	t.Helper()
	var config *tls.Config
	s.Client(t, func(o *redis.UniversalOptions) { config = o.TLSConfig })
	conn, err := tls.Dial("tcp", s.Addr(), config)
	must(t, err)
	defer conn.Close()
	chain := conn.ConnectionState().VerifiedChains[0]
	key, err := x509.MarshalPKCS8PrivateKey(config.Certificates[0].PrivateKey)
	must(t, err)
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		must(t, os.WriteFile(path, text, 0o600))
		return path
	}
	return pems{write("ca.crt", "CERTIFICATE", chain[len(chain)-1].Raw),
		write("client.crt", "CERTIFICATE", config.Certificates[0].Certificate[0]),
		write("client.key", "PRIVATE KEY", key)}
}

// A private authority, and a client certificate that is read for each new connection.
func TestFromEnvToTLS(t *testing.T) {
	s := redistest.Secure(t)
	host, port, err := net.SplitHostPort(s.Addr())
	must(t, err)
	var user, password string
	admin := s.Client(t, func(o *redis.UniversalOptions) {
		user, password = o.Username, o.Password
	})
	f := secureFiles(t, s)
	vars := map[string]string{"REDIS_HOST": host, "REDIS_PORT": port, "REDIS_USERNAME": user,
		"REDIS_PASSWORD": password, "REDIS_TLS_CA_FILE": f.ca, "REDIS_TLS_CERT_FILE": f.cert,
		"REDIS_TLS_KEY_FILE": f.key}
	t.Run("files", func(t *testing.T) {
		rdb, u := fromEnv(t, vars)
		must(t, os.Remove(f.key))
		must(t, u.Set(ctx(t), 1, bob)) // on the open connection
		hangUp(t, admin, rdb)
		_, err := u.Get(ctx(t), 1)
		if text := fmt.Sprint(err); !strings.Contains(text, "Config.TLSKeyFile cannot be read") ||
			strings.Contains(text, f.key) {
			t.Errorf("Get without the key: %v", err)
		}
		must(t, os.WriteFile(f.key, must2(os.ReadFile(secureFiles(t, s).key)), 0o600))
		got, err := u.Get(ctx(t), 1)
		wantUser(t, got, err, bob)
	})
	t.Run("without the authority", func(t *testing.T) {
		vars["REDIS_TLS_CA_FILE"], vars["REDIS_TLS"] = "", "true"
		environment(t, vars)
		cfg, err := cache.FromEnv()
		must(t, err)
		rdb := cfg.Client()
		defer rdb.Close()
		err = mustNew[int64](t, rdb, "users", jsonUsers, nil).Set(ctx(t), 1, ann)
		if !isError[x509.UnknownAuthorityError](err) {
			t.Errorf("Set: %v", err)
		}
	})
	t.Run("InsecureSkipVerify", func(t *testing.T) {
		vars["REDIS_TLS_CA_FILE"], vars["REDIS_TLS"] = "", "true"
		environment(t, vars)
		cfg, err := cache.FromEnv()
		must(t, err)
		o := cfg.UniversalOptions()
		o.TLSConfig.InsecureSkipVerify = true
		rdb := redis.NewUniversalClient(o)
		defer rdb.Close()
		must(t, rdb.Ping(ctx(t)).Err())
	})
	t.Run("skip_verify", func(t *testing.T) {
		f := secureFiles(t, s)
		fromEnv(t, map[string]string{
			"REDIS_URL": "rediss://" + user + ":" + password + "@" + s.Addr() +
				"?skip_verify=true",
			"REDIS_TLS_CERT_FILE": f.cert, "REDIS_TLS_KEY_FILE": f.key})
	})
	t.Run("unreadable authority of a program", func(t *testing.T) {
		cfg := cache.Config{Addrs: []string{s.Addr()}, TLSCAFile: "/nowhere"}
		if trusted := cfg.UniversalOptions().TLSConfig.RootCAs; trusted == nil {
			t.Error("it trusts the machine's authorities")
		}
	})
}

// FromEnv and the client name the file that is wrong.
func TestBlamesFile(t *testing.T) {
	good := secureFiles(t, redistest.Secure(t))
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	otherKey := must2(x509.MarshalPKCS8PrivateKey(other))
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	begin, end := "-----BEGIN CERTIFICATE-----\n", "\n-----END CERTIFICATE-----\n"
	for name, tt := range map[string]struct{ cert, key, variable, field string }{
		"certificate without PEM": {file("hunter2"), good.key,
			"REDIS_TLS_CERT_FILE holds no certificate in PEM", "TLSCertFile"},
		"certificate is the key": {good.key, good.key,
			"REDIS_TLS_CERT_FILE holds no certificate in PEM", "TLSCertFile"},
		"certificate is damaged": {file(begin + "aHVudGVyMg==" + end), good.key,
			"REDIS_TLS_CERT_FILE holds a bad certificate: ", "TLSCertFile"},
		"key without PEM": {good.cert, file("hunter2"),
			"REDIS_TLS_KEY_FILE does not fit the certificate: ", "TLSKeyFile"},
		"key of another": {good.cert, file(string(pem.EncodeToMemory(&pem.Block{
			Type: "PRIVATE KEY", Bytes: otherKey}))),
			"REDIS_TLS_KEY_FILE does not fit the certificate: ", "TLSKeyFile"},
		"key before the certificate": {file(string(must2(os.ReadFile(good.key))) +
			string(must2(os.ReadFile(good.cert)))), good.key, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, map[string]string{"REDIS_HOST": "h", "REDIS_TLS_CERT_FILE": tt.cert,
				"REDIS_TLS_KEY_FILE": tt.key})
			_, err := cache.FromEnv()
			o := cache.Config{TLSCertFile: tt.cert, TLSKeyFile: tt.key}.UniversalOptions()
			_, clientErr := o.TLSConfig.GetClientCertificate(nil)
			if tt.field == "" {
				if err != nil || clientErr != nil {
					t.Errorf("%v, %v", err, clientErr)
				}
				return
			}
			wantLine(t, err, "", tt.variable)
			if !strings.HasPrefix(fmt.Sprint(clientErr), "rediscache: Config."+tt.field+" ") {
				t.Errorf("the client: %v, want %s", clientErr, tt.field)
			}
		})
	}
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// hangUp closes rdb's connection on the server's side.
func hangUp(t *testing.T, admin *redis.Client, rdb redis.UniversalClient) {
	t.Helper()
	id, err := rdb.Do(ctx(t), "client", "id").Int64()
	must(t, err)
	must(t, admin.Do(ctx(t), "client", "kill", "id", id).Err())
}

// The password in a file may change: each new connection reads the file.
func TestPasswordFileRotates(t *testing.T) {
	s := redistest.Start(t)
	admin := s.Client(t)
	path := filepath.Join(t.TempDir(), "password")
	rotate := func(password string) {
		t.Helper()
		must(t, admin.Do(ctx(t), "acl", "setuser", "app", "on", "resetpass", ">"+password, "~*",
			"&*", "+@all").Err())
		must(t, os.WriteFile(path, []byte(password+"\n"), 0o600))
	}
	rotate("hunter2")
	rdb, u := fromEnv(t, map[string]string{"REDIS_URL": "redis://" + s.Addr(),
		"REDIS_USERNAME": "app", "REDIS_PASSWORD_FILE": path})
	for _, password := range []string{"hunter3", "hunter4"} {
		rotate(password)
		hangUp(t, admin, rdb)
		got, err := u.Get(ctx(t), 1)
		wantUser(t, got, err, ann)
	}
	must(t, os.Remove(path))
	hangUp(t, admin, rdb)
	_, err := u.Get(ctx(t), 1)
	if text := fmt.Sprint(err); !errors.Is(err, os.ErrNotExist) || strings.Contains(text, path) ||
		!strings.Contains(text, "Config.PasswordFile cannot be read") {
		t.Errorf("Get without the file: %v", err)
	}
}
