package cache_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/activettl/rediscache/cache"
)

// Each variable refuses bad values.
func TestFromEnvRefusesValues(t *testing.T) {
	const duration = "takes seconds"
	for name, tt := range map[string]struct {
		takes string
		bad   []string
	}{
		"REDIS_URL": {"takes a URL", []string{"hunter2", "http://h:hunter2@h", "redis:hunter2",
			"redis://", "redis://:hunter2@", "redis://:hun#ter2@h", "redis://:hun%ter2@h",
			"redis://:hun/ter2@h", "redis://:hun?ter2@h", "redis://h:hunter2", "redis://h/hunter2",
			"redis://h:0", "redis://h:65536", "redis://h?hunter2=1", "redis://h?pool_size=hunter2",
			"redis://h?pool_size=99999999999", "redis://h?pool_size=-1",
			"redis://h?dial_timeout=-1",
			"redis://h?skip_verify=true", "rediss://h?skip_verify=hunter2", "redis://h?db=-1",
			"redis://h1,h2/1", "redis://h1,,h2", "redis://h1,h2?addr=hunter2@", "redis://h;h2",
			"unix://run/redis.sock", "unix://", "unix://:hunter2@", "unix://u:hunter2@run",
			"redis://h1,h2?master_name=m&use_disconnected_replicas=true", "redis://h?a;b",
			"redis://h1 h2"}},
		"REDIS_HOST": {"takes a host name",
			[]string{"redis:6379", "redis://:hunter2@host"}},
		"REDIS_PORT": {"takes a port",
			[]string{"0", "65536", "hunter2", "udp://10.0.0.1:1"}},
		"REDIS_ADDRS": {"takes host:port",
			[]string{"a:1,b", "redis://u:hunter2@a:1", ","}},
		"REDIS_DB":           {"takes the number", []string{"-1", "hunter2", "0.5"}},
		"REDIS_TLS":          {"takes true or false", []string{"hunter2", "2"}},
		"REDIS_ACTIVE_TTL":   {"takes true or false", []string{"hunter2"}},
		"REDIS_CLIENT_NAME":  {"takes letters", []string{"hunter2 hunter2"}},
		"REDIS_POOL_SIZE":    {"takes a number", []string{"0", "-1", "hunter2", "1000000"}},
		"REDIS_DIAL_TIMEOUT": {duration, []string{"5000", "301", "0", "-1", "hunter2"}},
		"REDIS_READ_TIMEOUT": {duration, []string{"5000", "5m1s", "0", "10us"}},
		"REDIS_READ_FROM":    {"takes primary", []string{"hunter2"}},
		"REDIS_DEFAULT_TTL": {duration,
			[]string{"0", "-9223372037", "9223372037", "1.5", "hunter2"}},
		"REDIS_MAX_AGE":        {duration, []string{"0", "hunter2"}},
		"REDIS_TOLERANCE":      {duration, []string{"0", "hunter2"}},
		"REDIS_JITTER":         {"takes a fraction", []string{"1", "-0.1", "NaN", "hunter2"}},
		"REDIS_REFRESH":        {duration, []string{"0", "hunter2"}},
		"REDIS_SWEEP_INTERVAL": {duration, []string{"0", "hunter2"}},
		"REDIS_SWEEP_IDLE":     {duration, []string{"-1", "hunter2"}},
		"REDIS_NEAR_BYTES":     {"takes a number of bytes", []string{"0", "1XB", "hunter2"}},
		"REDIS_NEAR_STALENESS": {duration, []string{"0", "hunter2"}},
		"REDIS_NAMESPACE":      {"takes parts", []string{"hunter2", "a:b/"}},
		"REDIS_PASSWORD_FILE":  {"cannot be read: no such file", []string{"/hunter2"}},
		"REDIS_TLS_CA_FILE":    {"cannot be read: no such file", []string{"/hunter2"}},
	} {
		for _, value := range tt.bad {
			t.Run(name+"="+value, func(t *testing.T) {
				environment(t, map[string]string{name: value})
				_, err := cache.FromEnv()
				wantLine(t, err, "", name+" "+tt.takes)
				if strings.Contains(fmt.Sprint(err), "hunter") {
					t.Errorf("%v shows the value", err)
				}
			})
		}
	}
}

// wantLine checks that an error of FromEnv or For has one line, and how the line begins.
func wantLine(t *testing.T, err error, function, begins string) {
	t.Helper()
	text := fmt.Sprint(err)
	if function == "" {
		function = "FromEnv"
	}
	if !strings.HasPrefix(text, "rediscache: "+function+": "+begins) ||
		strings.Contains(text, "\n") {
		t.Errorf("got %v, want a line with %q", err, begins)
	}
}

// Variables that contradict each other. The error has one line, which begins with want.
func TestFromEnvRefusesContradictions(t *testing.T) {
	dir := t.TempDir()
	password, empty, text := filepath.Join(dir, "pw"), filepath.Join(dir, "empty"),
		filepath.Join(dir, "text")
	must(t, os.WriteFile(password, []byte("hunter2\r\n"), 0o600))
	must(t, os.WriteFile(empty, []byte("\n"), 0o600))
	must(t, os.WriteFile(text, []byte("hunter2"), 0o600))
	const url = "rediss://app:hunter2@h:1/2"
	for name, tt := range map[string]struct {
		vars map[string]string
		want string
	}{
		"URL, host": {map[string]string{"REDIS_URL": url, "REDIS_HOST": "hunter3"},
			"REDIS_HOST contradicts REDIS_URL"},
		"URL, port": {map[string]string{"REDIS_URL": url, "REDIS_PORT": "6379"},
			"REDIS_PORT contradicts REDIS_URL"},
		"URL without a port, port": {map[string]string{"REDIS_URL": "redis://h",
			"REDIS_PORT": "6380"},
			"REDIS_PORT contradicts REDIS_URL"},
		"URL, addresses": {map[string]string{"REDIS_URL": url, "REDIS_ADDRS": "h:1,h:2"},
			"REDIS_ADDRS contradicts REDIS_URL"},
		"URL, master": {map[string]string{"REDIS_URL": "redis://h1,h2", "REDIS_MASTER_NAME": "m"},
			"REDIS_MASTER_NAME contradicts REDIS_URL"},
		"URL, database": {map[string]string{"REDIS_URL": url, "REDIS_DB": "3"},
			"REDIS_DB contradicts REDIS_URL"},
		"URL, database 0": {map[string]string{"REDIS_URL": "redis://h/0", "REDIS_DB": "3"},
			"REDIS_DB contradicts REDIS_URL"},
		"URL, user": {map[string]string{"REDIS_URL": url, "REDIS_USERNAME": "hunter3"},
			"REDIS_USERNAME contradicts REDIS_URL"},
		"URL, password": {map[string]string{"REDIS_URL": url, "REDIS_PASSWORD": "hunter3"},
			"REDIS_PASSWORD contradicts REDIS_URL"},
		"URL, password file": {map[string]string{"REDIS_URL": "redis://:hunter3@h",
			"REDIS_PASSWORD_FILE": password}, "REDIS_PASSWORD_FILE contradicts REDIS_URL"},
		"rediss, TLS=false": {map[string]string{"REDIS_URL": url, "REDIS_TLS": "false"},
			"REDIS_TLS contradicts REDIS_URL"},
		"redis, TLS=true": {map[string]string{"REDIS_URL": "redis://h", "REDIS_TLS": "true"},
			"REDIS_TLS contradicts REDIS_URL"},
		"URL, pool size": {map[string]string{"REDIS_URL": "redis://h?pool_size=3",
			"REDIS_POOL_SIZE": "4"}, "REDIS_POOL_SIZE contradicts REDIS_URL"},
		"URL, socket and TLS": {map[string]string{"REDIS_URL": "unix:///s", "REDIS_TLS": "true"},
			"REDIS_TLS contradicts REDIS_URL"},
		"URL, user without password": {map[string]string{"REDIS_URL": "redis://hunter2@h"},
			"REDIS_URL names a user without a password"},
		"URL, cluster, database": {map[string]string{"REDIS_URL": "redis://a,b", "REDIS_DB": "1"},
			"REDIS_DB contradicts REDIS_URL: a cluster"},
		"addresses, host": {map[string]string{"REDIS_ADDRS": "a:1", "REDIS_HOST": "a"},
			"REDIS_ADDRS contradicts REDIS_HOST"},
		"addresses, port": {map[string]string{"REDIS_ADDRS": "a:1", "REDIS_PORT": "1"},
			"REDIS_ADDRS contradicts REDIS_PORT"},
		"socket, port": {map[string]string{"REDIS_HOST": "/s", "REDIS_PORT": "1"},
			"REDIS_PORT contradicts REDIS_HOST"},
		"socket, TLS": {map[string]string{"REDIS_HOST": "/s", "REDIS_TLS": "true"},
			"REDIS_TLS contradicts REDIS_HOST"},
		"master without Sentinels": {map[string]string{"REDIS_MASTER_NAME": "m"},
			"REDIS_MASTER_NAME needs REDIS_ADDRS"},
		"Sentinels' password without a master": {map[string]string{"REDIS_ADDRS": "a:1",
			"REDIS_SENTINEL_PASSWORD": "hunter2"},
			"REDIS_SENTINEL_PASSWORD needs REDIS_MASTER_NAME"},
		"Sentinels' user without a password": {map[string]string{"REDIS_ADDRS": "a:1",
			"REDIS_MASTER_NAME": "m", "REDIS_SENTINEL_USERNAME": "u"},
			"REDIS_SENTINEL_USERNAME names a user without"},
		"cluster, database": {map[string]string{"REDIS_ADDRS": "a:1", "REDIS_DB": "1"},
			"REDIS_DB contradicts REDIS_ADDRS"},
		"user without password": {map[string]string{"REDIS_USERNAME": "app"},
			"REDIS_USERNAME names a user without"},
		"replicas of one server": {map[string]string{"REDIS_READ_FROM": "replica"},
			"REDIS_READ_FROM needs"},
		"password, password file": {map[string]string{"REDIS_PASSWORD": "hunter3",
			"REDIS_PASSWORD_FILE": password}, "REDIS_PASSWORD_FILE contradicts REDIS_PASSWORD"},
		"empty password file": {map[string]string{"REDIS_PASSWORD_FILE": empty},
			"REDIS_PASSWORD_FILE is empty"},
		"TLS=false, CA": {map[string]string{"REDIS_TLS": "false", "REDIS_TLS_CA_FILE": caFile(t)},
			"REDIS_TLS_CA_FILE contradicts REDIS_TLS"},
		"redis, CA": {map[string]string{"REDIS_URL": "redis://h", "REDIS_TLS_CA_FILE": caFile(t)},
			"REDIS_TLS_CA_FILE contradicts REDIS_URL"},
		"socket, CA": {map[string]string{"REDIS_HOST": "/s", "REDIS_TLS_CA_FILE": caFile(t)},
			"REDIS_TLS_CA_FILE contradicts REDIS_HOST"},
		"CA is no certificate": {map[string]string{"REDIS_TLS_CA_FILE": text},
			"REDIS_TLS_CA_FILE holds no certificate"},
		"certificate without key": {map[string]string{"REDIS_TLS_CERT_FILE": text},
			"REDIS_TLS_CERT_FILE needs REDIS_TLS_KEY_FILE"},
		"key without certificate": {map[string]string{"REDIS_TLS_KEY_FILE": text},
			"REDIS_TLS_KEY_FILE needs REDIS_TLS_CERT_FILE"},
		"no certificate": {map[string]string{"REDIS_TLS_CERT_FILE": "/hunter2",
			"REDIS_TLS_KEY_FILE": text}, "REDIS_TLS_CERT_FILE cannot be read"},
		"certificate file without PEM": {map[string]string{"REDIS_TLS_CERT_FILE": text,
			"REDIS_TLS_KEY_FILE": text}, "REDIS_TLS_CERT_FILE holds no certificate in PEM"},

		"REDIS_ADDR for the address": {map[string]string{"REDIS_ADDR": "hunter2:1"},
			"REDIS_ADDR is not read: set REDIS_URL, REDIS_HOST or REDIS_ADDRS"},
		"REDISCLOUD_URL for the URL": {map[string]string{"REDISCLOUD_URL": "redis://:hunter2@h"},
			"REDISCLOUD_URL is not read: set REDIS_URL"},
		"REDIS_HOSTNAME, Kubernetes": {map[string]string{"REDIS_PORT": "tcp://10.0.0.11:6379",
			"REDIS_HOSTNAME": "h"}, "REDIS_HOSTNAME is not read: set REDIS_URL"},
		"REDIS_DATABASE for the database": {map[string]string{"REDIS_HOST": "h",
			"REDIS_DATABASE": "3"},
			"REDIS_DATABASE is not read: set REDIS_DB"},
		"REDIS_USER for the user": {map[string]string{"REDIS_USER": "u",
			"REDIS_PASSWORD": "hunter2"}, "REDIS_USER is not read: set REDIS_USERNAME"},
		"REDIS_PASS for the password": {map[string]string{"REDIS_PASS": "hunter2"},
			"REDIS_PASS is not read: set REDIS_PASSWORD"},
		"REDIS_SSL for TLS": {map[string]string{"REDIS_SSL": "true"},
			"REDIS_SSL is not read: set REDIS_TLS"},
		"REDIS_MASTER_SET for the primary": {map[string]string{"REDIS_ADDRS": "s:26379",
			"REDIS_MASTER_SET": "m"}, "REDIS_MASTER_SET is not read: set REDIS_MASTER_NAME"},
		"REDIS_TTL for the TTL": {map[string]string{"REDIS_URL": "redis://h", "REDIS_TTL": "60"},
			"REDIS_TTL is not read: set REDIS_DEFAULT_TTL"},

		"MAX_AGE, fixed": {map[string]string{"REDIS_MAX_AGE": "2h", "REDIS_ACTIVE_TTL": "no"},
			"REDIS_MAX_AGE contradicts REDIS_ACTIVE_TTL"},
		"MAX_AGE below the TTL": {map[string]string{"REDIS_MAX_AGE": "2h",
			"REDIS_DEFAULT_TTL": "3h"},
			"REDIS_MAX_AGE contradicts REDIS_DEFAULT_TTL"},
		"MAX_AGE below the default": {map[string]string{"REDIS_MAX_AGE": "1m"}, "REDIS_MAX_AGE is"},
		"TOLERANCE, fixed": {map[string]string{"REDIS_TOLERANCE": "1m", "REDIS_ACTIVE_TTL": "no"},
			"REDIS_TOLERANCE contradicts REDIS_ACTIVE_TTL"},
		"TOLERANCE, TTL": {map[string]string{"REDIS_TOLERANCE": "1m", "REDIS_DEFAULT_TTL": "60"},
			"REDIS_TOLERANCE contradicts REDIS_DEFAULT_TTL"},
		"JITTER, active": {map[string]string{"REDIS_JITTER": "10%"},
			"REDIS_JITTER is for a Fixed"},
		"REFRESH, active": {map[string]string{"REDIS_REFRESH": "1m"}, "REDIS_REFRESH is less"},
		"REFRESH, JITTER": {map[string]string{"REDIS_REFRESH": "40m", "REDIS_JITTER": "50%",
			"REDIS_ACTIVE_TTL": "no"}, "REDIS_REFRESH contradicts REDIS_JITTER"},
		"REFRESH, MAX_AGE": {map[string]string{"REDIS_REFRESH": "2h", "REDIS_MAX_AGE": "2h"},
			"REDIS_REFRESH is less than the life of a record, and under an Active policy " +
				"needs a longer MAX_AGE"},
		"interval alone": {map[string]string{"REDIS_SWEEP_INTERVAL": "60"},
			"REDIS_SWEEP_INTERVAL needs"},
		"idle time alone": {map[string]string{"REDIS_SWEEP_IDLE": "60"}, "REDIS_SWEEP_IDLE needs"},
		"idle time equal to the TTL": {map[string]string{"REDIS_SWEEP_INTERVAL": "60",
			"REDIS_SWEEP_IDLE": "1h"}, "REDIS_SWEEP_IDLE needs"},
		"idle time equal to TTL - window": {map[string]string{"REDIS_SWEEP_INTERVAL": "60",
			"REDIS_SWEEP_IDLE": "59m", "REDIS_ACTIVE_TTL": "no"},
			"REDIS_SWEEP_IDLE contradicts REDIS_ACTIVE_TTL"},
		"near, active": {map[string]string{"REDIS_NEAR_BYTES": "1MiB"},
			"REDIS_NEAR_BYTES needs a Fixed"},
		"two near variables, active": {map[string]string{"REDIS_NEAR_BYTES": "1MiB",
			"REDIS_NEAR_STALENESS": "1s"}, "REDIS_NEAR_STALENESS is"},
		"short staleness": {map[string]string{"REDIS_NEAR_STALENESS": "99ms",
			"REDIS_ACTIVE_TTL": "no"}, "REDIS_NEAR_STALENESS is from 100ms"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, tt.vars)
			_, err := cache.FromEnv()
			wantLine(t, err, "", tt.want)
			if strings.Contains(fmt.Sprint(err), "hunter") ||
				strings.Contains(fmt.Sprint(err), dir) {
				t.Errorf("%v shows a value", err)
			}
		})
	}
}

// An error names all bad variables, in the order of the documentation's table.
func TestFromEnvNamesAll(t *testing.T) {
	for name, tt := range map[string]struct {
		vars map[string]string
		want []string
	}{
		"values": {map[string]string{"REDIS_TLS": "x", "REDIS_DB": "x", "REDIS_JITTER": "x",
			"REDIS_PASSWORD": "hunter2"}, []string{"REDIS_DB", "REDIS_TLS", "REDIS_JITTER"}},
		"contradictions": {map[string]string{"REDIS_USERNAME": "app", "REDIS_READ_FROM": "nearest",
			"REDIS_TOLERANCE": "2h", "REDIS_JITTER": "0.1", "REDIS_SWEEP_INTERVAL": "1",
			"REDIS_SWEEP_IDLE": "2h"},
			[]string{"REDIS_USERNAME", "REDIS_READ_FROM", "REDIS_TOLERANCE", "REDIS_JITTER",
				"REDIS_SWEEP_IDLE"}},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, tt.vars)
			_, err := cache.FromEnv()
			lines := strings.Split(fmt.Sprint(err), "\n")
			if len(lines) != 1+len(tt.want) {
				t.Fatalf("%v has %d lines", err, len(lines))
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(lines[i+1], want+" ") {
					t.Errorf("line %d is %q, want %s", i, lines[i+1], want)
				}
			}
		})
	}
}
