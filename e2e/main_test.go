package e2e_test

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
	"github.com/statefun-go/statefun-go/e2e/kafka"
)

// rig is what all tests share: the tools of the machine, and one Kafka broker
// that starts for the first test which needs it.
type rig struct {
	tools    *java.Tools
	runtimes string // the Maven projects
	missing  error  // tools that are not there

	starting  sync.Once
	broker    *kafka.Broker
	brokerErr error
	data      string // of the broker
}

var shared rig

// TestMain runs the tests. Applications run one after the other, whatever the
// number of processors: the runtimes are large.
func TestMain(m *testing.M) {
	if serving() {
		return
	}
	flag.Parse()
	if err := errors.Join(flag.Set("test.parallel", "1"), shared.find()); err != nil {
		panic(err)
	}
	defer shared.close()
	m.Run()
}

func (r *rig) find() error {
	out, err := filepath.Abs("../.out/e2e")
	if err != nil {
		return err
	}
	r.tools, r.missing = java.Find(out, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	r.runtimes, err = filepath.Abs("runtimes")
	return err
}

// fetch fetches the jars of a Maven project, if they are not there.
func (r *rig) fetch(project string) error {
	if r.missing != nil {
		return r.missing
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	_, err := r.tools.ClassPath(ctx, project)
	return err
}

// kafka starts the broker, if it does not run.
func (r *rig) kafka() error {
	r.starting.Do(func() {
		if r.brokerErr = r.fetch(filepath.Join(r.runtimes, "kafka")); r.brokerErr != nil {
			return
		}
		if r.data, r.brokerErr = os.MkdirTemp("", "statefun-e2e-kafka-"); r.brokerErr != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		r.broker, r.brokerErr = kafka.Start(ctx, r.tools, r.runtimes, r.data)
	})
	return r.brokerErr
}

// require skips a test where something cannot be had on this machine.
func require(t *testing.T, err error) {
	t.Helper()
	switch {
	case errors.Is(err, java.ErrUnavailable):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
}

func (r *rig) close() {
	if r.broker != nil {
		r.broker.Stop()
	}
	if r.data != "" {
		os.RemoveAll(r.data)
	}
}
