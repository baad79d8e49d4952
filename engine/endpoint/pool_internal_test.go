package endpoint

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/statefun-go/statefun-go/engine/module"
)

// TestConnectionsAge: pool_ttl ends a connection even when it is never idle.
func TestConnectionsAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(&module.Transport{Kind: module.Async, PoolTTL: 15 * time.Second}, nil)
		first := p.transport()
		time.Sleep(15 * time.Second) //nolint:forbidigo // virtual time
		if p.transport() != first {
			t.Error("replaced before its time")
		}
		time.Sleep(3 * time.Second) //nolint:forbidigo // virtual time
		if p.transport() == first {
			t.Error("kept beyond its time")
		}
		for _, forever := range []module.Transport{
			{Kind: module.Async}, {Kind: module.OkHTTP, PoolTTL: time.Minute},
		} {
			p := newPool(&forever, nil)
			first := p.transport()
			time.Sleep(24 * time.Hour) //nolint:forbidigo // virtual time
			if p.transport() != first {
				t.Errorf("%+v: replaced", forever)
			}
		}
	})
}
