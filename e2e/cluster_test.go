package e2e_test

import (
	"testing"

	"github.com/statefun-go/statefun-go/e2e/flink"
)

// cluster is StateFun 3.3.0 with a job manager and a task manager in processes
// of their own, two slots, and state in RocksDB, as in StateFun's image.
func cluster() platform {
	write := func(a application, name, url string) string { return module3(a, name, url, "async") }
	rocks := []string{"state.backend=rocksdb", "state.backend.rocksdb.timer-service.factory=ROCKSDB", "state.backend.incremental=true"}
	return platform{"flink-3.3.0-cluster", needsFlink("flink3"), startJob(write, flink.StartCluster, rocks)}
}

// TestCluster runs all scenarios on a cluster.
func TestCluster(t *testing.T) {
	t.Parallel()
	all := scenarios()
	url := serveAt(t, "127.0.0.1:0", allFunctions(t))
	driveAll(t, openAll(t, cluster(), applications(all, nil), url), all)
}

// TestClusterCrash is the random program on a cluster. In its middle the task
// manager is killed and replaced; later both processes are killed, and the job
// starts from its last checkpoint.
func TestClusterCrash(t *testing.T) {
	t.Parallel()
	w, a := busyProgram(t, cluster())
	w.await(1)
	a.kill(w, "the task manager", w.running.(*job).ReplaceWorker)
	w.await(3000)
	a.kill(w, "both processes", w.crash)
	a.tallied(w)
}
