// Package app builds an engine from a module: it opens the store, makes a client
// for each endpoint and a server for each playground ingress and egress, and
// takes them down again in the right order.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/endpoint"
	"github.com/statefun-go/statefun-go/engine/module"
	"github.com/statefun-go/statefun-go/engine/playground"
	"github.com/statefun-go/statefun-go/engine/store"
)

// Options configures [Open]. Module and Dir are required; the zero values of the
// others mean the defaults.
type Options struct {
	// Module is the application, as [module.Load] returns it.
	Module *module.Module
	// Dir is the directory of the application's data. It is made if missing. One
	// engine at a time can have it.
	Dir string
	// Host is where the playground's servers listen. Empty means
	// [playground.DefaultHost], which only this machine reaches.
	Host string
	// OnFailure is the failure policy, [engine.Retry] by default.
	OnFailure engine.Policy
	// DrainTimeout is how long [App.Run] waits for calls in flight, and for
	// requests to the playground's servers, when it is told to end. Zero means
	// the engine's default.
	DrainTimeout time.Duration
	// Logger gets what people should know. Nil means nobody.
	Logger *slog.Logger
}

// App is an application that is ready to run.
type App struct {
	engine  *engine.Engine
	store   store.Store
	clients []*endpoint.Client
	servers []server // ingresses, then egresses, as in the module

	ingressURLs, egressURLs []string
}

// server is a playground ingress or egress.
type server interface {
	URL() string
	Close() error
}

// Open opens the store, reads what is in it, and begins to listen. Messages are
// taken from then on, and processed when [App.Run] is called. All mistakes of the
// module that show now, such as ports that are taken and certificates that are not
// there, are reported at once; then nothing stays open.
func Open(opts *Options) (*App, error) {
	if opts == nil || opts.Module == nil || opts.Dir == "" {
		return nil, errors.New("app: Module and Dir are required")
	}
	a := &App{}
	s, err := store.Open(opts.Dir, &store.Options{Logger: opts.Logger})
	if err != nil {
		return nil, err
	}
	a.store = s
	parts := engine.Options{OnFailure: opts.OnFailure, DrainTimeout: opts.DrainTimeout, Logger: opts.Logger}
	err = errors.Join(a.bindFunctions(opts, &parts), a.bindIngresses(opts, &parts), a.bindEgresses(opts, &parts))
	if err == nil {
		a.engine, err = engine.New(s, &parts)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) bindFunctions(opts *Options, parts *engine.Options) error {
	var mistakes []error
	for i := range opts.Module.Endpoints {
		e := &opts.Module.Endpoints[i]
		c, err := endpoint.New(*e)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		a.clients = append(a.clients, c)
		parts.Functions = append(parts.Functions, function(e, c))
	}
	return errors.Join(mistakes...)
}

// function says how the engine calls the functions of an endpoint. The size of
// the pool is kept by the engine, so that a call waits for its turn before its
// time begins, and types of one namespace never wait for each other.
func function(e *module.Endpoint, c engine.Caller) engine.Function {
	f := engine.Function{
		Namespace: e.Functions.Namespace, Name: e.Functions.Name, Caller: c,
		MaxBatch: e.MaxNumBatchRequests, Budget: e.Transport.Call,
		MaxInFlight: min(e.Transport.PoolSize, engine.DefaultMaxInFlight),
	}
	if f.Name == "" {
		f.Name = "*"
	}
	if e.Transport.Kind == module.OkHTTP {
		f.Malformed = engine.KindFatal
	}
	return f
}

func (a *App) bindIngresses(opts *Options, parts *engine.Options) error {
	var mistakes []error
	for _, spec := range opts.Module.Ingresses {
		in, err := playground.NewIngress(spec, opts.playground())
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		a.servers = append(a.servers, in)
		a.ingressURLs = append(a.ingressURLs, in.URL())
		parts.Ingresses = append(parts.Ingresses, in)
	}
	return errors.Join(mistakes...)
}

func (a *App) bindEgresses(opts *Options, parts *engine.Options) error {
	var mistakes []error
	for _, spec := range opts.Module.Egresses {
		out, err := playground.NewEgress(spec, opts.playground())
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		a.servers = append(a.servers, out)
		a.egressURLs = append(a.egressURLs, out.URL())
		parts.Egresses = append(parts.Egresses, engine.EgressBinding{ID: engine.TypeName(spec.ID), Egress: out})
	}
	return errors.Join(mistakes...)
}

// playground returns the options of a playground server.
func (o *Options) playground() *playground.Options {
	p := &playground.Options{Host: o.Host, Drain: o.DrainTimeout, Logger: o.Logger}
	for _, e := range o.Module.Endpoints {
		p.Functions = append(p.Functions, e.Functions.String())
	}
	return p
}

// IngressURLs returns the base URL of each ingress, in the module's order.
func (a *App) IngressURLs() []string { return a.ingressURLs }

// EgressURLs returns the base URL of each egress, in the module's order.
func (a *App) EgressURLs() []string { return a.egressURLs }

// Run runs the application until ctx ends and then drains it, as [engine.Engine]
// says; in the end it closes everything. It is called once, and Close not after
// it.
func (a *App) Run(ctx context.Context) error {
	return errors.Join(a.engine.Run(ctx), a.Close())
}

// Close closes an application that was opened and is not going to run.
func (a *App) Close() error {
	var mistakes []error
	for _, s := range a.servers {
		mistakes = append(mistakes, s.Close())
	}
	for _, c := range a.clients {
		c.Close()
	}
	if err := a.store.Close(); err != nil {
		mistakes = append(mistakes, fmt.Errorf("close the store: %w", err))
	}
	return errors.Join(mistakes...)
}
