package statefunlambda

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"github.com/statefun-go/statefun-go/statefun"
)

// routes serves the requests that are not StateFun's, through
// aws-lambda-go-api-proxy, which has one adapter for each shape of events.
type routes struct {
	rest *httpadapter.HandlerAdapter
	http *httpadapter.HandlerAdapterV2
	alb  *httpadapter.HandlerAdapterALB
}

func newRoutes(h http.Handler) *routes {
	if h == nil {
		return nil
	}
	return &routes{rest: httpadapter.New(h), http: httpadapter.NewV2(h), alb: httpadapter.NewALB(h)}
}

// serve answers an event. A panic of the user's handler becomes an error
// instead of the end of the process.
func (r *routes) serve(ctx context.Context, sh shape, payload []byte) (result []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("statefunlambda: Options.Routes: %w", &statefun.PanicError{Value: p, Stack: debug.Stack()})
		}
	}()
	switch sh {
	case shapeHTTP:
		return proxy(ctx, payload, r.http.ProxyWithContext)
	case shapeALB, shapeALBMulti:
		return proxy(ctx, payload, func(ctx context.Context, e events.ALBTargetGroupRequest) (events.ALBTargetGroupResponse, error) {
			answer, err := r.alb.ProxyWithContext(ctx, e)
			// The library fills one form of the headers alone; a load balancer
			// in its default mode reads the other.
			if answer.Headers == nil {
				answer.Headers = make(map[string]string, len(answer.MultiValueHeaders))
				for name, values := range answer.MultiValueHeaders {
					if len(values) == 0 { // set to nil, so that net/http would not write it
						delete(answer.MultiValueHeaders, name)
						continue
					}
					answer.Headers[name] = values[len(values)-1]
				}
			}
			return answer, err
		})
	default:
		return proxy(ctx, payload, r.rest.ProxyWithContext)
	}
}

func proxy[In, Out any](ctx context.Context, payload []byte, serve func(context.Context, In) (Out, error)) ([]byte, error) {
	var in In
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("statefunlambda: decode the event for Options.Routes: %w", err)
	}
	out, err := serve(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("statefunlambda: Options.Routes: %w", err)
	}
	result, err := json.Marshal(out)
	if err == nil && len(result) > MaxReply {
		return nil, fmt.Errorf("statefunlambda: Options.Routes: the answer has %d bytes of JSON: Lambda takes %d", len(result), MaxReply)
	}
	return result, err
}
