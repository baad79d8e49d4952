package module

import (
	"fmt"
	"time"
)

// Module is an application as its files describe it. It does not change after
// [Load]; it may be read from many goroutines.
type Module struct {
	// Endpoints, Ingresses and Egresses stand in the order of the files.
	// [Load] and [Parse] return at least one endpoint and one ingress.
	Endpoints []Endpoint
	Ingresses []PlaygroundIngress
	Egresses  []PlaygroundEgress
	// Warnings are places where the file is valid but may not say what its
	// author means.
	Warnings []Warning
}

// Endpoint returns the endpoint of a function type: the one that names it
// exactly, otherwise the one of its whole namespace. It searches the list;
// callers keep the result for as long as they need it.
func (m *Module) Endpoint(namespace, name string) (*Endpoint, bool) {
	var whole *Endpoint
	for i := range m.Endpoints {
		e := &m.Endpoints[i]
		switch {
		case e.Functions.Namespace != namespace:
		case e.Functions.Name == name && name != "":
			return e, true
		case e.Functions.Name == "":
			whole = e
		}
	}
	return whole, whole != nil
}

// Position is a place in a module file.
type Position struct {
	File string
	// Line and Column count from 1, columns in characters. Line 0 means the
	// file as a whole.
	Line, Column int
}

// String returns file:line:column, which editors and terminals make a link.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// TypeName is the id of an egress.
type TypeName struct {
	Namespace, Name string
}

// String returns namespace/name.
func (n TypeName) String() string { return n.Namespace + "/" + n.Name }

// Pattern says which function types an endpoint serves.
type Pattern struct {
	Namespace string
	// Name is empty for every type of the namespace, which the file writes as
	// namespace/*.
	Name string
}

// Matches reports whether p covers the function type.
func (p Pattern) Matches(namespace, name string) bool {
	return p.Namespace == namespace && (p.Name == "" || p.Name == name)
}

// String returns the pattern as the file writes it.
func (p Pattern) String() string {
	if p.Name == "" {
		return p.Namespace + "/*"
	}
	return p.Namespace + "/" + p.Name
}

// Endpoint is a document of kind io.statefun.endpoints.v2/http: functions that
// are called with HTTP POST.
type Endpoint struct {
	Functions Pattern
	// URLPathTemplate is the URL, in which every {function.name} stands for the
	// name of the function type. [Endpoint.URL] fills it in.
	URLPathTemplate string
	// MaxNumBatchRequests is the largest number of messages in one request. It
	// is never 0; -1 means no limit, which the file writes as 0 or less. The
	// default is 1000.
	MaxNumBatchRequests int
	Transport           Transport
	Position            Position
}

// TransportKind is one of Flink's two HTTP clients. They differ in defaults and
// in what they try again.
type TransportKind int

const (
	// Async is io.statefun.transports.v1/async, the default.
	Async TransportKind = iota
	// OkHTTP is io.statefun.transports.v1/okhttp, the only one for unix sockets.
	OkHTTP
)

// String returns the type as the file writes it.
func (k TransportKind) String() string {
	if k == OkHTTP {
		return okhttpType
	}
	return asyncType
}

// Transport says how an endpoint is called. [Load] has filled in the defaults of
// the transport's kind.
type Transport struct {
	Kind TransportKind
	// Call is the time for a call. Async: one budget for all attempts, 2 min by
	// default. OkHTTP: the limit of each attempt and the window for beginning
	// another one, 1 min by default. It is above zero.
	Call time.Duration
	// Connect is the time for connecting: 20 s (Async) or 10 s (OkHTTP) by
	// default. It is above zero.
	Connect time.Duration
	// Read and Write limit a single read or write. OkHTTP: 10 s by default, above
	// zero. Async: 0, which means no limit but Call.
	Read, Write time.Duration
	// PoolSize is the largest number of calls of a function type at once, each of
	// which has a connection (Async; 1024 by default), or of idle connections
	// (OkHTTP; always 1024).
	PoolSize int
	// PoolTTL is the longest life of a connection (Async; 15 s by default, 0 means
	// no end) or the longest time that it is idle (OkHTTP; always 1 min).
	PoolTTL time.Duration
	// PayloadMaxBytes is the largest answer, in bytes: 32 MiB by default (Async)
	// or always (OkHTTP, where Flink has no limit; here memory is bounded).
	PayloadMaxBytes int64
	// TrustCACerts, ClientCert and ClientKey are paths of PEM files, or empty.
	// They apply to https URLs (Async only). ClientCert and ClientKey come
	// together.
	TrustCACerts, ClientCert, ClientKey string
	// ClientKeyPassword is the path of a file, or empty. The whole content of the
	// file is the password of ClientKey, a newline at its end included.
	ClientKeyPassword string
}

// PlaygroundIngress is a document of kind io.statefun.playground.v1/ingress: an
// HTTP server that takes messages for functions.
type PlaygroundIngress struct {
	// Port is the TCP port, 0 for any free one.
	Port     int
	Position Position
}

// PlaygroundEgress is a document of kind io.statefun.playground.v1/egress: an
// HTTP server from which the records of some topics are read.
type PlaygroundEgress struct {
	// ID is what functions send to: io.statefun.playground/egress unless the file
	// says otherwise.
	ID TypeName
	// Port is the TCP port, 0 for any free one.
	Port int
	// Topics are the topics that functions may send to, at least one, in the
	// order of the file.
	Topics   []string
	Position Position
}

// Warning is a place where a valid file may not say what its author means.
type Warning struct {
	Position Position
	Message  string
}

// String returns position and message on one line.
func (w Warning) String() string { return w.Position.String() + ": " + w.Message }
