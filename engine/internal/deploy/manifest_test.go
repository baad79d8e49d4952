package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

const files = "examples/greeter/deploy/"

// enough is what a platform must wait before it kills: the drain, and the two
// seconds that connections have after it.
const enough = statefunhttp.DefaultDrainTimeout + 2*time.Second

func manifests(t *testing.T) map[string]tree {
	t.Helper()
	docs := map[string]tree{}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(read(t, files+"kubernetes.yaml"))))
	for {
		var doc tree
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			t.Fatal(err)
		}
		docs[doc.text("kind")] = doc
	}
}

// A pod gets no request before it can answer, and none is lost when it ends.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	docs := manifests(t)
	deployment, service := docs["Deployment"], docs["Service"]
	const pod = "spec/template/spec/"
	const container = pod + "containers/0/"
	for path, want := range map[string]string{
		container + "readinessProbe/httpGet/path":  "/healthz",
		container + "readinessProbe/httpGet/port":  "http",
		container + "livenessProbe/tcpSocket/port": "http", // /healthz says 503 while it drains, and that is no reason to kill
		"spec/selector/matchLabels/app":            docs["NetworkPolicy"].text("spec/podSelector/matchLabels/app"),
		"spec/template/metadata/labels/app":        service.text("spec/selector/app"),
	} {
		if got := deployment.text(path); got != want || got == "" {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	grace, _ := deployment.get(pod + "terminationGracePeriodSeconds").(uint64)
	pause, _ := deployment.get(container + "lifecycle/preStop/sleep/seconds").(uint64)
	if pause == 0 || time.Duration(grace-pause)*time.Second <= enough {
		t.Errorf("%d s of grace, %d s of them for preStop: want more than %v after it", grace, pause, enough)
	}
	port, _ := deployment.get(container + "ports/0/containerPort").(uint64)
	if address := `"-addr", ":` + strconv.FormatUint(port, 10) + `"`; !strings.Contains(read(t, files+"Dockerfile"), address) {
		t.Errorf("the Dockerfile lacks %s", address)
	}
	if service.get("spec/ports/0/port") != docs["NetworkPolicy"].get("spec/ingress/0/ports/0/port") {
		t.Error("the policy admits to another port than the service has")
	}
}

func TestSystemd(t *testing.T) {
	t.Parallel()
	unit := read(t, files+"greeter.service")
	stop := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindStringSubmatch(unit)
	if stop == nil {
		t.Fatal("no TimeoutStopSec")
	}
	if seconds, _ := strconv.Atoi(stop[1]); time.Duration(seconds)*time.Second <= enough {
		t.Errorf("TimeoutStopSec=%d, want more than %v", seconds, enough)
	}
	for _, line := range []string{"KillSignal=SIGTERM", "Restart=always", "DynamicUser=yes", "WantedBy=multi-user.target"} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}
