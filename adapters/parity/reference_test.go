package parity_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/adapters/lambda/lambdalocal"
)

// openReference puts aws-lambda-go-api-proxy in front of the HTTP adapter, with
// the limits that ours has on Lambda.
func openReference(sh *shape) func(t *testing.T, s setup) ask {
	return func(t *testing.T, s setup) ask {
		t.Helper()
		invoke := sh.proxy(&statefunhttp.Options{MaxRequestBytes: lambdaBytes, MaxAnswerBytes: lambdaBytes, CallTimeout: s.timeout, Logger: quiet()})
		return func(ctx context.Context, r *request) (*answer, error) {
			out, err := invoke(ctx, sh.payload(r))
			if err != nil {
				return nil, err
			}
			return readReply(r, out, formBoth)
		}
	}
}

// proxy returns the function for the shape: api-proxy has one for each.
func (sh *shape) proxy(o *statefunhttp.Options) func(context.Context, []byte) ([]byte, error) {
	switch sh.gateway {
	case lambdalocal.HTTPAPI, lambdalocal.FunctionURL:
		return typed(httpadapter.NewV2(statefunhttp.Handler(newHandler(), o)).ProxyWithContext)
	case lambdalocal.ALB, lambdalocal.ALBMulti:
		o.MaxAnswerBytes = balancerBytes
		return typed(httpadapter.NewALB(statefunhttp.Handler(newHandler(), o)).ProxyWithContext)
	default:
		return typed(httpadapter.New(statefunhttp.Handler(newHandler(), o)).ProxyWithContext)
	}
}

// typed does what lambda.Start does with such a function.
func typed[In, Out any](f func(context.Context, In) (Out, error)) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		var in In
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, err
		}
		out, err := f(ctx, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}
}
