package module

import (
	"math"
	"net/url"
	"strings"
	"time"
)

// transport reads the transport of an endpoint's spec. Its type may be missing,
// which means async, as in StateFun 3.2 and later.
func (r *reader) transport(spec *object) Transport {
	o, ok := spec.child("transport")
	if !ok {
		return asyncDefaults()
	}
	kind, ok := o.text("type")
	switch {
	case !ok || kind.text == asyncType:
		return r.async(o)
	case kind.text == okhttpType:
		return r.okhttp(o)
	}
	types := []string{asyncType, okhttpType}
	r.fail(kind.at, "unknown transport type %q%s (valid: %s)", kind.text, didYouMean(kind.text, types), strings.Join(types, ", "))
	return asyncDefaults()
}

func asyncDefaults() Transport {
	return Transport{
		Kind: Async, Call: 2 * time.Minute, Connect: 20 * time.Second,
		PoolSize: 1024, PoolTTL: 15 * time.Second, PayloadMaxBytes: 32 << 20,
	}
}

// async reads the keys of io.statefun.transports.v1/async (NettyRequestReplySpec).
func (r *reader) async(o *object) Transport {
	t := asyncDefaults()
	t.Call = o.duration("call", 1, t.Call)
	t.Connect = o.duration("connect", 1, t.Connect)
	t.PoolTTL = o.duration("pool_ttl", 0, t.PoolTTL)
	t.PoolSize = int(o.number("pool_size", 1, math.MaxInt32, int64(t.PoolSize)))
	t.PayloadMaxBytes = o.number("payload_max_bytes", 1, math.MaxInt32, t.PayloadMaxBytes)
	r.asyncTimeouts(o, &t)
	t.TrustCACerts = o.path("trust_cacerts")
	t.ClientCert = o.path("client_cert")
	t.ClientKey = o.path("client_key")
	t.ClientKeyPassword = o.path("client_key_password")
	o.close(func(key string) string {
		if key == "read" || key == "write" {
			return ": only transport type " + okhttpType + " has it, under timeouts"
		}
		return ""
	})
	o.together("client_cert", "client_key")
	o.together("client_key", "client_cert")
	o.together("client_key_password", "client_key")
	return t
}

// asyncTimeouts reads the mapping timeouts, which the async transport takes for the
// sake of modules written for okhttp. It wins over the keys call and connect, and
// what it leaves out has okhttp's defaults.
func (r *reader) asyncTimeouts(o *object, t *Transport) {
	timeouts, ok := o.child("timeouts")
	if !ok {
		return
	}
	t.Call, t.Connect = time.Minute, 10*time.Second
	for _, key := range []string{"call", "connect"} {
		if _, ok := timeouts.find(key); !ok {
			r.warn(timeouts.at, "timeouts without %s means the defaults of okhttp: call 1min, connect 10s; leave timeouts out and write call and connect under transport", key)
			break
		}
	}
	t.Call = timeouts.duration("call", 1, t.Call)
	t.Connect = timeouts.duration("connect", 1, t.Connect)
	for _, key := range []string{"read", "write"} {
		if e, ok := timeouts.find(key); ok {
			timeouts.duration(key, 0, 0)
			r.warn(e.at, "timeouts.%s means nothing to the async transport", key)
		}
	}
	for _, key := range []string{"call", "connect"} {
		if e, ok := o.find(key); ok {
			r.warn(e.at, "%s means nothing beside timeouts, which wins", key)
		}
	}
	timeouts.close(nil)
}

// okhttp reads the keys of io.statefun.transports.v1/okhttp.
func (r *reader) okhttp(o *object) Transport {
	t := Transport{
		Kind: OkHTTP, Call: time.Minute, Connect: 10 * time.Second, Read: 10 * time.Second, Write: 10 * time.Second,
		PoolSize: 1024, PoolTTL: time.Minute, PayloadMaxBytes: 32 << 20,
	}
	timeouts, ok := o.child("timeouts")
	o.close(func(key string) string {
		switch key {
		case "call", "connect", "read", "write":
			return ": it belongs under timeouts"
		case "pool_ttl", "pool_size", "payload_max_bytes", "trust_cacerts", "client_cert", "client_key", "client_key_password":
			return ": only transport type " + asyncType + " has it"
		}
		return ""
	})
	if !ok {
		return t
	}
	t.Call = timeouts.duration("call", 1, t.Call)
	for _, part := range []struct {
		key   string
		value *time.Duration
	}{{"connect", &t.Connect}, {"read", &t.Read}, {"write", &t.Write}} {
		*part.value = timeouts.duration(part.key, 1, *part.value)
		if *part.value > t.Call {
			r.fail(timeouts.at, "%s is %s and longer than call, which is %s: Flink refuses that; write a shorter %s under timeouts",
				part.key, formatDuration(*part.value), formatDuration(t.Call), part.key)
		}
	}
	timeouts.close(nil)
	return t
}

// path returns the value of a key as the path of a file. Flink takes a path or a
// URL; only URLs of files make sense here.
func (o *object) path(key string) string {
	s, ok := o.text(key)
	if !ok {
		return ""
	}
	var problem string
	switch {
	case s.text == "":
		problem = "is empty"
	case strings.HasPrefix(s.text, "~"):
		problem = "begins with ~, which is not expanded, neither here nor by Flink: write the whole path"
	case strings.HasPrefix(s.text, "classpath:"):
		problem = "is a place on a JVM's class path: write the path of a file"
	case strings.HasPrefix(s.text, "file:"):
		u, err := url.Parse(s.text)
		if err == nil && (u.Path != "" || u.Opaque != "") && (u.Host == "" || u.Host == "localhost") {
			return u.Path + u.Opaque
		}
		problem = "is not the URL of a file: write file:///absolute/path"
	case strings.Contains(s.text, "://"):
		problem = "is not a file: write its path"
	default:
		return s.text
	}
	o.r.fail(s.at, "%s: %q %s", key, s.text, problem)
	return ""
}

// together reports a key that stands without another one that it needs.
func (o *object) together(key, other string) {
	e, ok := o.find(key)
	if !ok {
		return
	}
	if _, ok := o.find(other); !ok {
		o.r.fail(e.at, "%s needs %s beside it", key, other)
	}
}
