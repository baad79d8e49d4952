package module

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Duration{
		"0": 0, "45": 45 * time.Millisecond, "45s": 45 * time.Second, " 2 min ": 2 * time.Minute, "3m": 3 * time.Minute,
		"1 MINUTES": time.Minute, "5Hours": 5 * time.Hour, "1d": 24 * time.Hour, "2 days": 48 * time.Hour, "7ns": 7,
		"7 micros": 7 * time.Microsecond, "7µs": 7 * time.Microsecond, "1 millisecond": time.Millisecond, "1 secs": time.Second,
		"106751d": 106751 * 24 * time.Hour,
	} {
		got, err := parseDuration(s)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
		if again, err := parseDuration(formatDuration(got)); err != nil || again != got {
			t.Errorf("%q formats as %s, which reads as %v, %v", s, formatDuration(got), again, err)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"": "begin with a digit", "s": "begin with a digit", "-1s": "begin with a digit", "1.5s": "write 1500ms", "1m30s": "write 90s",
		"1h30m": "write 90min", "1 week": `unknown unit "week"`, "1ss": `unknown unit "ss"`, "99999999999999999999s": "292 years",
		"106752d": "292 years", "1s 5": "unknown unit", "۵s": "begin with a digit",
	} {
		if got, err := parseDuration(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q", s, got, err, want)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	keys := []string{"functions", "maxNumBatchRequests", "transport", "urlPathTemplate", "id"}
	for word, want := range map[string]string{
		"function": "functions", "fnuctions": "functions", "URLPATHTEMPLATE": "urlPathTemplate", "urlTemplate": "urlPathTemplate",
		"maxBatchRequests": "maxNumBatchRequests", "transports": "transport", "x": "", "": "", "di": "id", "nothing": "", "é": "",
	} {
		if got := nearest(word, keys); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestYAML11(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"on", "YES", "no", "Off", "true", "010", "0777", "0x1f", "0b11", "1_000", "1.5", "1e5", ".inf", "~", "08"} {
		if yaml11(s) == "" {
			t.Errorf("%q counts as plain", s)
		}
	}
	for _, s := range []string{"", "0", "8090", "-1", "45s", "1.2.3.4", "2024-01-01", "a/b", "one", "0a7f", "5 min", "-"} {
		if other := yaml11(s); other != "" {
			t.Errorf("%q counts as %s", s, other)
		}
	}
}
