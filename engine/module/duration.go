package module

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseDuration reads a duration as Flink's TimeUtils.parseDuration does: digits,
// then a unit in any case, with or without spaces. Without a unit the number
// counts milliseconds.
func parseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	digits, label := s[:i], strings.ToLower(strings.TrimSpace(s[i:]))
	unit, known := durationUnit(label)
	switch {
	case digits == "":
		return 0, fmt.Errorf("duration %q does not begin with a digit: write for example 500ms, 45s or 2min", s)
	case !known:
		return 0, fmt.Errorf("duration %q: %s", s, durationHint(s, label))
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if errors.Is(err, strconv.ErrRange) || n > math.MaxInt64/int64(unit) {
		return 0, fmt.Errorf("duration %q is longer than 292 years", s)
	}
	return time.Duration(n) * unit, nil
}

// durationUnit returns the unit that a lower-case label stands for.
func durationUnit(label string) (time.Duration, bool) {
	switch label {
	case "", "ms", "milli", "millis", "millisecond", "milliseconds":
		return time.Millisecond, true
	case "ns", "nano", "nanos", "nanosecond", "nanoseconds":
		return time.Nanosecond, true
	case "µs", "μs", "micro", "micros", "microsecond", "microseconds":
		return time.Microsecond, true
	case "s", "sec", "secs", "second", "seconds":
		return time.Second, true
	case "m", "min", "minute", "minutes":
		return time.Minute, true
	case "h", "hour", "hours":
		return time.Hour, true
	case "d", "day", "days":
		return 24 * time.Hour, true
	}
	return 0, false
}

// durationHint says what is wrong with the unit of the duration s.
func durationHint(s, label string) string {
	d, err := time.ParseDuration(strings.ReplaceAll(strings.ToLower(s), " ", ""))
	if err == nil && d > 0 { // a Go duration such as 1m30s or 1.5s
		return "one whole number with one unit is expected; write " + formatDuration(d)
	}
	return fmt.Sprintf("unknown unit %q: use ns, µs, ms, s, min, h or d, after a whole number", label)
}

// formatDuration writes d so that parseDuration reads it.
func formatDuration(d time.Duration) string {
	switch {
	case d%time.Hour == 0 && d != 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0 && d != 0:
		return fmt.Sprintf("%dmin", d/time.Minute)
	case d%time.Second == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	case d%time.Millisecond == 0:
		return fmt.Sprintf("%dms", d/time.Millisecond)
	}
	return fmt.Sprintf("%dns", d)
}
