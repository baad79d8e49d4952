package deploy_test

import (
	"bufio"
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The Dockerfile's build works on what .dockerignore lets through, and its
// program answers and ends as its comments say. Base images are not looked at.
func TestContainer(t *testing.T) {
	t.Parallel()
	source := buildContext(t)
	dockerfile := strings.ReplaceAll(read(t, files+"Dockerfile"), "\\\n", " ")
	build := regexp.MustCompile(`(?m)^RUN (.*go build.*) -o /greeter (.*)$`).FindStringSubmatch(dockerfile)
	if build == nil {
		t.Fatal("the Dockerfile has no line RUN … go build … -o /greeter …")
	}
	program := filepath.Join(t.TempDir(), "greeter")
	shell(t, source, "export TARGETOS="+runtime.GOOS+" TARGETARCH="+runtime.GOARCH+"\n"+build[1]+" -o '"+program+"' "+build[2])

	// Far above what it takes: a deadline only ends a test that hangs.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-addr", "127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	address := served(lines)
	if address == "" {
		t.Fatal("the program ended before it served")
	}
	if answer, err := http.Get("http://" + address + "/healthz"); err != nil {
		t.Error(err)
	} else if _ = answer.Body.Close(); answer.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s", answer.Status)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, stderr)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// served waits until a log says on which address its program serves.
func served(lines *bufio.Scanner) string {
	for lines.Scan() {
		if m := regexp.MustCompile(`msg=serving address=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			return m[1]
		}
	}
	return ""
}

// buildContext copies what a container's build sees of the repository.
func buildContext(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	keep, drop := ignoreRules(t)
	for _, top := range keep {
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			switch target := filepath.Join(dir, name); {
			case drop(filepath.ToSlash(name)) && d.IsDir():
				return fs.SkipDir
			case drop(filepath.ToSlash(name)):
				return nil
			case d.IsDir():
				return os.MkdirAll(target, 0o755)
			default:
				data, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				return os.WriteFile(target, data, 0o600)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ignoreRules reads the three kinds of rules that our .dockerignore has: what
// to take of everything, a name to leave out wherever it is, and a path.
func ignoreRules(t *testing.T) (keep []string, drop func(name string) bool) {
	t.Helper()
	var anywhere, paths []string
	for line := range strings.Lines(read(t, files+"Dockerfile.dockerignore")) {
		line = strings.TrimSpace(line)
		if taken, ok := strings.CutPrefix(line, "!"); ok {
			keep = append(keep, taken)
		} else if name, ok := strings.CutPrefix(line, "**/"); ok {
			anywhere = append(anywhere, name)
		} else if line != "" && line != "*" && !strings.HasPrefix(line, "#") {
			paths = append(paths, line)
		}
	}
	return keep, func(name string) bool {
		for _, pattern := range anywhere {
			if ok, _ := path.Match(pattern, path.Base(name)); ok {
				return true
			}
		}
		return slices.Contains(paths, name)
	}
}
