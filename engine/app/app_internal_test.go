package app

import (
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/engine"
	"github.com/statefun-go/statefun-go/engine/module"
)

func TestFunction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		e    module.Endpoint
		want engine.Function
	}{
		{
			"namespace, async",
			module.Endpoint{
				Functions: module.Pattern{Namespace: "a"}, MaxNumBatchRequests: -1,
				Transport: module.Transport{Kind: module.Async, Call: time.Minute, PoolSize: 1024},
			},
			engine.Function{Namespace: "a", Name: "*", MaxBatch: -1, Budget: time.Minute, MaxInFlight: engine.DefaultMaxInFlight, Malformed: engine.KindRetry},
		},
		{
			"exact, okhttp",
			module.Endpoint{
				Functions: module.Pattern{Namespace: "a", Name: "b"}, MaxNumBatchRequests: 7,
				Transport: module.Transport{Kind: module.OkHTTP, Call: time.Second, PoolSize: 3},
			},
			engine.Function{Namespace: "a", Name: "b", MaxBatch: 7, Budget: time.Second, MaxInFlight: 3, Malformed: engine.KindFatal},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := function(&c.e, nil); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
