package cache

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/activettl/rediscache/internal/env"
)

// connection returns the Config that the variables for the servers describe, and their errors.
func (v *variables) connection() (c Config, errs []error) {
	v.settlePort()
	said := map[string]bool{}
	if v.URL != nil {
		c, said = v.URL.config, v.URL.said
		if errs = v.differFromURL(); len(errs) > 0 {
			return c, errs // if two differ, the rest cannot be judged
		}
	}
	fill(&c, *v)
	by := func(field, name string) string { // the variable that sets the field
		if said[field] && reflect.ValueOf(*v).FieldByName(field).IsNil() {
			return "REDIS_URL"
		}
		return name
	}
	for _, clash := range []struct {
		when bool
		says string
	}{
		{v.URL == nil && v.Addrs != nil && v.Host != nil,
			"REDIS_ADDRS contradicts REDIS_HOST: set one of them"},
		{v.URL == nil && v.Addrs != nil && v.Port != nil,
			"REDIS_ADDRS contradicts REDIS_PORT: its addresses have ports"},
		{v.Host != nil && c.socket() && v.Port != nil,
			"REDIS_PORT contradicts REDIS_HOST: a unix socket has no port"},
		{v.Host != nil && c.socket() && c.TLS,
			"REDIS_TLS contradicts REDIS_HOST: a unix socket has no TLS"},
		{c.MasterName != "" && len(c.Addrs) == 0,
			"REDIS_MASTER_NAME needs REDIS_ADDRS with the addresses of the Sentinels"},
		{c.MasterName == "" && v.SentinelUsername != nil,
			"REDIS_SENTINEL_USERNAME needs REDIS_MASTER_NAME"},
		{c.MasterName == "" && v.SentinelPassword != nil,
			"REDIS_SENTINEL_PASSWORD needs REDIS_MASTER_NAME"},
		{c.cluster() && c.DB != 0, "REDIS_DB contradicts " + by("Addrs", "REDIS_ADDRS") +
			": a cluster has database 0 only (Sentinels need REDIS_MASTER_NAME)"},
		{c.Username != "" && c.Password.Reveal() == "" && c.PasswordFile == "",
			by("Username", "REDIS_USERNAME") + " names a user without a password: " +
				"it needs REDIS_PASSWORD or REDIS_PASSWORD_FILE"},
		{c.SentinelUsername != "" && c.SentinelPassword.Reveal() == "",
			by("SentinelUsername", "REDIS_SENTINEL_USERNAME") + " names a user without a " +
				"password: it needs REDIS_SENTINEL_PASSWORD"},
		{c.ReadFrom != "" && c.ReadFrom != ReadPrimary && len(c.Addrs) == 0,
			by("ReadFrom", "REDIS_READ_FROM") + " needs the addresses of a cluster or of " +
				"Sentinels, in REDIS_ADDRS or REDIS_URL, to know the replicas"},
	} {
		if clash.when {
			errs = append(errs, errors.New(clash.says))
		}
	}
	errs = append(errs, v.checkFiles(&c)...)
	return c, errs
}

// settlePort decides what a REDIS_PORT of Kubernetes means. It is ignored if another variable names
// another server.
func (v *variables) settlePort() {
	if v.Port == nil || v.Port.Host == "" {
		return
	}
	switch {
	case v.URL != nil || v.Addrs != nil || v.Host != nil && strings.HasPrefix(string(*v.Host), "/"):
		v.Port = nil
	case v.Host == nil:
		v.Host = new(env.Host(v.Port.Host))
	case !v.Port.IsOf(string(*v.Host)):
		v.Port = nil
	}
}

// differFromURL returns an error for each variable that contradicts REDIS_URL.
func (v *variables) differFromURL() (errs []error) {
	c := reflect.ValueOf(v.URL.config)
	for f, p := range reflect.ValueOf(*v).Fields() {
		if !v.URL.said[f.Name] || p.IsNil() {
			continue
		}
		if says := c.FieldByName(f.Name); !reflect.DeepEqual(
			plain(p, says.Type()).Interface(), says.Interface()) {
			errs = append(errs, fmt.Errorf("%s contradicts REDIS_URL: remove one of them",
				variable(env.Shared, f.Tag.Get("env"))))
		}
	}
	return errs
}

// checkFiles reads the files once, to find errors early. A file for TLS turns TLS on.
func (v *variables) checkFiles(c *Config) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.PasswordFile != "" {
		switch password, err := passwordIn(c.PasswordFile); {
		case err != nil:
			bad("REDIS_PASSWORD_FILE %w", err)
		case c.Password.Reveal() == "" || c.Password.Reveal() == password:
			c.Password = Secret{}
		case v.Password != nil:
			bad("REDIS_PASSWORD_FILE contradicts REDIS_PASSWORD: remove one of them")
		default:
			bad("REDIS_PASSWORD_FILE contradicts REDIS_URL: remove one of the passwords")
		}
	}
	for _, file := range []struct {
		name string
		set  bool
	}{
		{"REDIS_TLS_CA_FILE", v.TLSCAFile != nil},
		{"REDIS_TLS_CERT_FILE", v.TLSCertFile != nil},
		{"REDIS_TLS_KEY_FILE", v.TLSKeyFile != nil},
	} {
		switch {
		case !file.set:
			continue
		case v.TLS != nil && !bool(*v.TLS):
			bad("%s contradicts REDIS_TLS: it turns TLS on", file.name)
		case v.URL != nil && !v.URL.config.TLS:
			bad("%s contradicts REDIS_URL: TLS needs rediss:// there", file.name)
		case v.URL == nil && c.socket():
			bad("%s contradicts REDIS_HOST: a unix socket has no TLS", file.name)
		}
		c.TLS = true
	}
	if c.TLSCAFile != "" {
		if _, err := authoritiesIn(c.TLSCAFile); err != nil {
			bad("REDIS_TLS_CA_FILE %w", err)
		}
	}
	switch {
	case c.TLSCertFile != "" && c.TLSKeyFile != "":
		if _, field, err := certificateIn(c.TLSCertFile, c.TLSKeyFile); err != nil {
			bad("%s %w", map[string]string{"TLSCertFile": "REDIS_TLS_CERT_FILE",
				"TLSKeyFile": "REDIS_TLS_KEY_FILE"}[field], err)
		}
	case c.TLSCertFile != "":
		bad("REDIS_TLS_CERT_FILE needs REDIS_TLS_KEY_FILE")
	case c.TLSKeyFile != "":
		bad("REDIS_TLS_KEY_FILE needs REDIS_TLS_CERT_FILE")
	}
	return errs
}
