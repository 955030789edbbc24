package cache_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/activettl/rediscache/cache"
)

func TestPasswordDoesNotShow(t *testing.T) {
	environment(t, map[string]string{"REDIS_PASSWORD": "hunter2", "REDIS_ADDRS": "a:1",
		"REDIS_MASTER_NAME": "m", "REDIS_SENTINEL_PASSWORD": "hunter3"})
	variables, err := cache.FromEnv()
	must(t, err)
	environment(t, map[string]string{"REDIS_URL": "rediss://u:hunter2@a,b?master_name=m&" +
		"password=hunter3&max_retries=5&skip_verify=true", "REDIS_ADDRS": "", "REDIS_PASSWORD": "",
		"REDIS_MASTER_NAME": "", "REDIS_SENTINEL_PASSWORD": ""})
	url, err := cache.FromEnv()
	must(t, err)
	for name, cfg := range map[string]cache.Config{"variables": variables, "URL": url} {
		t.Run(name, func(t *testing.T) { showsNoPassword(t, cfg, "hunter") })
	}
	if s := fmt.Sprint(cache.Secret{}); s != "" {
		t.Errorf("the empty Secret is printed as %q", s)
	}
}

func showsNoPassword(t *testing.T, cfg cache.Config, password string) {
	t.Helper()
	// fmt calls no methods on unexported fields.
	deep := struct{ cfg []cache.Config }{[]cache.Config{cfg}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{cfg, &cfg, cfg.Password, &cfg.Password, deep, &deep} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, password) ||
				strings.Contains(s, fmt.Sprintf("%x", password)) {
				t.Errorf("%s of a %T shows the password: %s", verb, v, s)
			}
		}
	}
	if s := fmt.Sprintf("%+v", cache.Hidden(cfg)); strings.Contains(s, password) {
		t.Errorf("the options that a Config keeps from a URL hold the password: %s", s)
	}
	if b, err := json.Marshal(cfg); err != nil || strings.Contains(string(b), password) {
		t.Errorf("JSON of the Config is %s, %v", b, err)
	}
}
