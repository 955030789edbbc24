package cache

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// tlsConfig returns nil for no TLS. It sets no server name: go-redis takes the host of each
// address.
func (c Config) tlsConfig() *tls.Config {
	if !c.TLS && c.TLSCAFile == "" && c.TLSCertFile == "" && c.TLSKeyFile == "" {
		return nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.more != nil && c.more.TLSConfig != nil {
		t.InsecureSkipVerify = c.more.TLSConfig.InsecureSkipVerify
	}
	if c.TLSCAFile != "" {
		var err error
		if t.RootCAs, err = authoritiesIn(c.TLSCAFile); err != nil {
			// The handshake fails, because no authority is trusted. If the server is not verified,
			// it fails here.
			t.RootCAs = x509.NewCertPool()
			t.VerifyConnection = func(tls.ConnectionState) error {
				return fmt.Errorf("rediscache: Config.TLSCAFile %w", err)
			}
		}
	}
	if c.TLSCertFile != "" || c.TLSKeyFile != "" {
		t.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, bad, err := certificateIn(c.TLSCertFile, c.TLSKeyFile)
			if err != nil {
				return nil, fmt.Errorf("rediscache: Config.%s %w", bad, err)
			}
			return &pair, nil
		}
	}
	return t
}

// passwordIn reads a file that holds a password.
func passwordIn(path string) (string, error) {
	text, err := read(path)
	if err != nil {
		return "", err
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", errors.New("is empty")
	}
	return password, nil
}

// authoritiesIn reads a file of certificates.
func authoritiesIn(path string) (*x509.CertPool, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("holds no certificate in PEM")
	}
	return pool, nil
}

// certificateIn reads a certificate and its key. bad is the field that an error is about.
func certificateIn(certFile, keyFile string) (pair tls.Certificate, bad string, err error) {
	cert, err := read(certFile)
	if err != nil {
		return pair, "TLSCertFile", err
	}
	if err = checkCertificate(cert); err != nil {
		return pair, "TLSCertFile", err
	}
	key, err := read(keyFile)
	if err != nil {
		return pair, "TLSKeyFile", err
	}
	if pair, err = tls.X509KeyPair(cert, key); err != nil {
		return pair, "TLSKeyFile", fmt.Errorf("does not fit the certificate: %w", err)
	}
	return pair, "", nil
}

// checkCertificate checks the first certificate of a file: the key must fit that one.
func checkCertificate(text []byte) error {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("holds a bad certificate: %w", err)
		}
		return nil
	}
	return errors.New("holds no certificate in PEM")
}

// read returns what a file holds. Its error does not show the path.
func read(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = failed.Err
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return text, nil
}
