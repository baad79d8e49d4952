package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
)

// Client calls the functions of one endpoint. It may be used from many
// goroutines, each of which it gives a connection. It implements
// [engine.Caller].
type Client struct {
	async     bool
	call      time.Duration // of one attempt
	quiet     time.Duration // the longest wait for a part of the answer; 0 is no limit
	maxAnswer int64
	template  *template
	pool      *pool
	header    http.Header
}

// New returns a client of e, whose transport has its defaults filled in as
// [module.Load] does. It opens no connection, but it does read the files of
// the TLS options and checks the URL: the errors name what is wrong in
// module.yaml.
func New(e module.Endpoint) (*Client, error) {
	fail := func(err error) (*Client, error) {
		return nil, fmt.Errorf("%s: endpoint %s: %w", e.Position, e.Functions, err)
	}
	t := e.Transport
	if t.Call <= 0 || t.Connect <= 0 || t.PayloadMaxBytes <= 0 || t.PoolSize <= 0 {
		return fail(errors.New("call, connect, pool_size and payload_max_bytes must be above zero"))
	}
	c := &Client{
		async: t.Kind == module.Async, call: t.Call, quiet: t.Read, maxAnswer: t.PayloadMaxBytes,
		template: newTemplate(e.URLPathTemplate), header: requestHeader(),
	}
	name := e.Functions.Name
	if name == "" {
		name = "name" // stands for any
	}
	u, err := e.URL(e.Functions.Namespace, name)
	if err != nil {
		return nil, err
	}
	var conf *tls.Config
	if u.Scheme == "https" {
		if conf, err = tlsConfig(&t); err != nil {
			return fail(err)
		}
	}
	c.pool = newPool(&t, conf)
	return c, nil
}

// Call makes one attempt, as [engine.Caller] says. It takes at most the
// transport's `call`, or less if ctx ends before. Its errors are of type
// [*engine.CallError].
func (c *Client) Call(ctx context.Context, fn engine.TypeName, request []byte) ([]byte, error) {
	to, err := c.template.target(fn.Name)
	if err != nil {
		return nil, &engine.CallError{Kind: engine.KindFatal, Err: fmt.Errorf("call %s: %w", fn, err)}
	}
	answer, err := c.attempt(ctx, to, request)
	if err != nil {
		failure := &engine.CallError{Kind: engine.KindRetry}
		if coded, ok := errors.AsType[*engine.CallError](err); ok {
			failure.Kind = coded.Kind
		}
		failure.Err = fmt.Errorf("call %s at %s: %w", fn, to.name, err)
		return nil, failure
	}
	return answer, nil
}

// Close closes the connections that are idle. Running calls end as they would.
func (c *Client) Close() { c.pool.close() }

// errCall and errQuiet are the causes of the two time limits.
var (
	errCall  = errors.New("no complete answer within the transport's call time")
	errQuiet = errors.New("nothing came within the transport's read time")
)

func (c *Client) attempt(ctx context.Context, to *target, request []byte) ([]byte, error) {
	ctx, stop := context.WithTimeoutCause(ctx, c.call, errCall)
	defer stop()
	ctx, quiet := context.WithCancelCause(ctx)
	defer quiet(nil)
	l := &loan{data: request}
	defer l.end()
	resp, err := c.pool.transport().RoundTrip(c.newRequest(ctx, to, l))
	if err != nil {
		return nil, explain(ctx, err)
	}
	defer resp.Body.Close()
	alive := func() {}
	if c.quiet > 0 { // for the header, net/http has this limit itself
		timer := time.AfterFunc(c.quiet, func() { quiet(errQuiet) })
		defer timer.Stop()
		alive = func() { timer.Reset(c.quiet) }
	}
	answer, err := c.answer(resp, alive)
	if err != nil {
		return nil, explain(ctx, err)
	}
	return answer, nil
}

// explain puts the reason why the time ran out in front of err, which is then
// only what net/http noticed of it.
func explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}
