package e2e_test

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
	"github.com/statefun-go/statefun-go/e2e/kafka"
)

// rig is what all tests share: the tools of the machine and one Kafka broker.
type rig struct {
	tools    *java.Tools
	runtimes string // the Maven projects
	broker   *kafka.Broker
	data     string // of the broker
	missing  error  // why there is no broker: then tests of Flink are skipped
}

var shared rig

// TestMain starts the broker. Applications run one after the other, whatever the
// number of processors: the runtimes are large.
func TestMain(m *testing.M) {
	if serving() {
		return
	}
	flag.Parse()
	if err := errors.Join(flag.Set("test.parallel", "1"), shared.open(context.Background())); err != nil {
		slog.Error("e2e: not started", "error", err)
		panic(err)
	}
	defer shared.close()
	m.Run()
}

func (r *rig) open(ctx context.Context) error {
	out, err := filepath.Abs("../.out/e2e")
	if err != nil {
		return err
	}
	if r.runtimes, err = filepath.Abs("runtimes"); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if r.tools, r.missing = java.Find(out, log); r.missing != nil {
		log.Warn("tests of Flink are skipped", "reason", r.missing)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute) // the first download is part of it
	defer cancel()
	if r.data, err = os.MkdirTemp("", "statefun-e2e-kafka-"); err != nil {
		return err
	}
	log.Info("starting Kafka")
	r.broker, err = kafka.Start(ctx, r.tools, r.runtimes, r.data)
	return err
}

func (r *rig) close() {
	if r.broker != nil {
		r.broker.Stop()
	}
	if r.data != "" {
		os.RemoveAll(r.data)
	}
}
