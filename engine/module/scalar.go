package module

import (
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// scalar is a single value as the file writes it.
type scalar struct {
	text   string
	quoted bool
	at     Position
}

// scalar reads a single value, and reports one that YAML 1.1 takes for something
// else than its text.
func (r *reader) scalar(n ast.Node, what string, at Position) (scalar, bool) {
	n = r.plain(n, at)
	if n == nil {
		return scalar{}, false
	}
	s := scalar{at: r.valuePosition(n, at)}
	switch n := n.(type) {
	case *ast.StringNode:
		s.text = n.Value
		s.quoted = n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
	case *ast.LiteralNode:
		s.text, s.quoted = n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		s.text = strings.TrimSpace(n.GetToken().Value)
	default:
		r.fail(s.at, "%s must be a single value, not %s", what, describe(n))
		return scalar{}, false
	}
	if other := yaml11(s.text); other != "" && !s.quoted {
		r.fail(s.at, "Flink's YAML takes %s for %s: write it in quotes if it is text, or as a plain decimal number", s.text, other)
		return scalar{}, false
	}
	return s, true
}

// yaml11 says what YAML 1.1 makes of a text without quotes, if that is neither the
// text itself nor a plain decimal number.
func yaml11(s string) string {
	switch strings.ToLower(s) {
	case "yes", "no", "on", "off", "true", "false":
		return "a boolean"
	case "~", "null":
		return "nothing"
	case ".inf", "-.inf", "+.inf", ".nan":
		return "a fraction"
	}
	digits := strings.TrimLeft(s, "+-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' {
		return ""
	}
	plain := strings.ReplaceAll(digits, "_", "")
	switch _, err := strconv.ParseInt(plain, 0, 64); {
	case err != nil && strings.Trim(plain, "0123456789.eE+-") == "" && strings.ContainsAny(plain, ".eE"):
		if _, err := strconv.ParseFloat(plain, 64); err == nil {
			return "a fraction"
		}
	case err == nil && plain != digits:
		return "a number with underscores"
	case len(plain) > 1 && plain[0] == '0' && (err == nil || strings.Trim(plain, "0123456789") == ""):
		return "an octal, binary or hexadecimal number"
	}
	return ""
}

// text returns the value of a key as text.
func (o *object) text(key string) (scalar, bool) {
	e, ok := o.find(key)
	if !ok {
		return scalar{}, false
	}
	return o.r.scalar(e.value, key, e.at)
}

// needText is text for a key that must be there.
func (o *object) needText(key, example string) (scalar, bool) {
	e, ok := o.need(key, example)
	if !ok {
		return scalar{}, false
	}
	return o.r.scalar(e.value, key, e.at)
}

// number returns the value of a key as a whole number from low to high, or
// otherwise if the key is absent or wrong. Digits in quotes are a number too.
func (o *object) number(key string, low, high, otherwise int64) int64 {
	s, ok := o.text(key)
	if !ok {
		return otherwise
	}
	return o.r.number(s, key, low, high, otherwise)
}

func (r *reader) number(s scalar, key string, low, high, otherwise int64) int64 {
	n, err := strconv.ParseInt(s.text, 10, 64)
	if err != nil || n < low || n > high {
		r.fail(s.at, "%s must be a whole number from %d to %d, not %q", key, low, high, s.text)
		return otherwise
	}
	return n
}

// duration returns the value of a key as a duration of at least low, or otherwise
// if the key is absent or wrong.
func (o *object) duration(key string, low, otherwise time.Duration) time.Duration {
	s, ok := o.text(key)
	if !ok {
		return otherwise
	}
	d, err := parseDuration(s.text)
	switch {
	case err != nil:
		o.r.fail(s.at, "%s: %v", key, err)
		return otherwise
	case d < low:
		o.r.fail(s.at, "%s must be longer than zero", key)
		return otherwise
	}
	if strings.Trim(s.text, " 0123456789") == "" && d > 0 {
		o.r.warn(s.at, "%s: %s without a unit means %s", key, s.text, formatDuration(d))
	}
	return d
}

// texts returns the value of a key as a list of texts, at least one, none empty,
// none twice.
func (o *object) texts(key, example string) []string {
	e, ok := o.need(key, example)
	if !ok {
		return nil
	}
	value := o.r.plain(e.value, e.at)
	if value == nil {
		return nil
	}
	list, ok := value.(*ast.SequenceNode)
	if !ok {
		o.r.fail(o.r.valuePosition(value, e.at), "%s must be a list: write for example %s: %s", key, key, example)
		return nil
	}
	if len(list.Values) == 0 {
		o.r.fail(e.at, "%s is an empty list: write for example %s: %s", key, key, example)
	}
	var out []string
	seen := make(map[string]Position, len(list.Values))
	for _, n := range list.Values {
		s, ok := o.r.scalar(n, "each of "+key, e.at)
		if !ok {
			continue
		}
		if first, twice := seen[s.text]; twice {
			o.r.fail(s.at, "%q stands twice in %s: the first is at %s", s.text, key, first)
			continue
		}
		if s.text == "" {
			o.r.fail(s.at, "an entry of %s is empty", key)
			continue
		}
		seen[s.text] = s.at
		out = append(out, s.text)
	}
	return out
}
