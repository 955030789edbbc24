package cache

import (
	"fmt"
	"os"
	"strings"
)

// misnamed returns an error for each variable with a name that others use, if the variable that
// FromEnv reads in its place is not set. Platforms, charts and other libraries use these names.
// Without an error, a program would silently use localhost or database 0.
func (v *variables) misnamed() (errs []error) {
	url := v.URL != nil // it can say everything except the policy
	for _, not := range []struct {
		read  string
		isSet bool
		names string
	}{
		{"REDIS_URL, REDIS_HOST or REDIS_ADDRS", url || v.Host != nil || v.Addrs != nil ||
			v.Port != nil && v.Port.Host == "", // a port of Kubernetes does not count
			"REDIS_ADDR REDIS_ADDRESS REDIS_CLUSTER_NODES REDIS_CONNECTION_STRING REDIS_DSN " +
				"REDIS_HOSTNAME REDIS_HOSTS REDIS_MASTER_HOST REDIS_NODES REDIS_SENTINELS " +
				"REDIS_SENTINEL_HOST REDIS_SENTINEL_HOSTS REDIS_TLS_URL REDIS_URI " +
				"REDISCLOUD_URL REDISHOST REDISTOGO_URL VALKEY_HOST VALKEY_URL"},
		{"REDIS_MASTER_NAME", url || v.MasterName != nil,
			"REDIS_MASTER_SET REDIS_SENTINEL_MASTER REDIS_SENTINEL_MASTER_NAME"},
		{"REDIS_DB", url || v.DB != nil, "REDIS_DATABASE REDIS_DB_INDEX REDIS_DB_NUMBER"},
		{"REDIS_USERNAME", url || v.Username != nil, "REDIS_USER"},
		{"REDIS_PASSWORD", url || v.Password != nil || v.PasswordFile != nil,
			"REDIS_AUTH REDIS_PASS"},
		{"REDIS_TLS", url || v.TLS != nil,
			"REDIS_SSL REDIS_TLS_ENABLED REDIS_USE_SSL REDIS_USE_TLS"},
		{"REDIS_DEFAULT_TTL", v.Policy.DefaultTTL != nil, "REDIS_TTL"},
	} {
		for name := range strings.FieldsSeq(not.names) {
			if !not.isSet && strings.TrimSpace(os.Getenv(name)) != "" {
				errs = append(errs, fmt.Errorf("%s is not read: set %s", name, not.read))
			}
		}
	}
	return errs
}
