package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// Secure returns the shared server with TLS: its clients need a certificate, a user name and a
// password. All tests of the binary share it. The user may do everything; for one who may not, use
// [StartSecure]. The first call starts the server, [Main] stops it.
func Secure(tb testing.TB) *Server {
	tb.Helper()
	path := binary(tb)
	s, err := secure.get(func() (*Server, error) {
		return launchSecure(path, "~* &* +@all", lifetime, nil)
	})
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	s.mustRun(tb)
	return s
}

var secure lazy[*Server]

// StartSecure starts such a server for this test and stops it at the test's end. Its user may do
// what the rules say, which are those of ACL SETUSER: "~users:* +get". args are as for [Start].
func StartSecure(tb testing.TB, rules string, args ...string) *Server {
	tb.Helper()
	return startSecure(tb, rules, lifetime, args...)
}

// StartExpired starts such a server whose certificate expired a minute ago, and whose user may do
// everything. The clock of its own clients is half an hour slow (tls.Config.Time), so they still
// accept the certificate.
func StartExpired(tb testing.TB) *Server {
	tb.Helper()
	return startSecure(tb, "~* &* +@all", -time.Minute)
}

func startSecure(tb testing.TB, rules string, good time.Duration, args ...string) *Server {
	tb.Helper()
	s, err := launchSecure(binary(tb), rules, good, args)
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	tb.Cleanup(s.Stop)
	return s
}

// launchSecure starts a server whose certificate is valid for the time good from now on.
func launchSecure(path, rules string, good time.Duration, args []string) (*Server, error) {
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	server, err := ca.issue("server", x509.ExtKeyUsageServerAuth, good)
	if err != nil {
		return nil, err
	}
	client, err := ca.issue("client", x509.ExtKeyUsageClientAuth, lifetime)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(client.cert), []byte(client.key))
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(ca.cert)
	set := setup{
		path: path, user: "app", password: rand.Text(),
		tls: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: trusted,
			Certificates: []tls.Certificate{pair}, ServerName: "127.0.0.1"},
		files: map[string]string{"ca.crt": encode("CERTIFICATE", ca.cert.Raw),
			"server.crt": server.cert, "server.key": server.key},
	}
	if good < 0 {
		set.tls.Time = func() time.Time { return time.Now().Add(-before / 2) }
	}
	set.args = append([]string{
		"--tls-ca-cert-file", "ca.crt", "--tls-cert-file", "server.crt", "--tls-key-file",
		"server.key", "--tls-auth-clients", "yes",
		"--user", "default", "off", "--user", set.user, "on", ">" + set.password,
	}, strings.Fields(rules)...)
	set.args = append(set.args, args...)
	return launch(set)
}

// Certificates are valid from an hour ago, for longer than a test binary runs.
const (
	before   = time.Hour
	lifetime = 24 * time.Hour
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// identity is a certificate and its key, in PEM.
type identity struct{ cert, key string }

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	form := form("redistest", lifetime)
	form.IsCA, form.BasicConstraintsValid, form.KeyUsage = true, true, x509.KeyUsageCertSign
	raw, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(raw)
	return &authority{cert, key}, err
}

func (a *authority) issue(
	name string, usage x509.ExtKeyUsage, good time.Duration,
) (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	form := form(name, good)
	form.KeyUsage, form.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{usage}
	form.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	raw, err := x509.CreateCertificate(rand.Reader, form, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return identity{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return identity{}, fmt.Errorf("%s: %w", name, err)
	}
	return identity{encode("CERTIFICATE", raw), encode("PRIVATE KEY", pkcs8)}, nil
}

func form(name string, good time.Duration) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-before),
		NotAfter:     time.Now().Add(good),
	}
}

func encode(kind string, raw []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}))
}
