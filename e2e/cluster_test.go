package e2e_test

import (
	"testing"

	"github.com/statefun-go/statefun-go/e2e/flink"
)

// cluster is StateFun 3.3.0 with a job manager and a task manager in processes
// of their own, and two slots.
func cluster() platform {
	write := func(a application, name, url string) string { return module3(a, name, url, "async") }
	return platform{"flink-3.3.0-cluster", needsFlink("flink3"), startJob(write, flink.StartCluster, nil)}
}

// TestCluster is scenario 1 on a cluster.
func TestCluster(t *testing.T) {
	t.Parallel()
	greets.on(t, cluster())
}

// TestClusterCrash is the random program on a cluster. In its middle the task
// manager is killed and replaced; later both processes are killed, and the job
// starts from its last checkpoint.
func TestClusterCrash(t *testing.T) {
	t.Parallel()
	w, a := busyProgram(t, cluster())
	w.await(1)
	w.kill("the task manager", w.running.(*job).ReplaceWorker)
	w.await(3000)
	w.kill("both processes", w.crash)
	a.tallied(w)
}
