package e2e_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/e2e/java"
)

// scriptSDKs are the SDKs of languages whose programs run as they are written.
func scriptSDKs() []sdk {
	return []sdk{javascript().sdk(), python().sdk()}
}

// script is a program in sdks/, with packages of its language that are installed
// below .out, once for each state of the files that name them.
type script struct {
	language  string
	checks    []check
	files     []string // name the packages, with versions
	install   func(home string) [][]string
	unreached string // what its installer says when the registry cannot be reached
	run       func(home string) (env string, program []string)
}

// check is a command that says whether a tool is there, and which.
type check struct {
	command []string
	missing string // what to install when it fails
}

func javascript() script {
	return script{
		language: "javascript",
		checks: []check{
			{[]string{"node", "--version"}, "node is missing: install Node.js, 16 or later"},
			{[]string{"npm", "--version"}, "npm is missing: install npm, which comes with Node.js"},
		},
		files: []string{"package.json", "package-lock.json"},
		install: func(home string) [][]string {
			return [][]string{{"npm", "ci", "--prefix", home, "--prefer-offline", "--no-audit", "--no-fund"}}
		},
		unreached: "failed, reason: ",
		run: func(home string) (string, []string) {
			return "NODE_PATH=" + filepath.Join(home, "node_modules"), []string{"node", "main.js"}
		},
	}
}

func python() script {
	return script{
		language: "python",
		checks: []check{
			{[]string{"python3", "-c", "import sys; print(sys.version, sys.prefix)"}, "python3 is missing: install Python, 3.8 or later"},
			{[]string{"python3", "-c", "import venv, ensurepip"}, "python3 cannot make virtual environments: install its module venv (python3-venv on Debian)"},
		},
		files: []string{"requirements.txt"},
		install: func(home string) [][]string {
			return [][]string{
				{"python3", "-m", "venv", home},
				{inVenv(home), "-m", "pip", "install", "--quiet", "-r", filepath.Join(home, "requirements.txt")},
			}
		},
		unreached: "connection broken by ",
		run: func(home string) (string, []string) {
			return "PYTHONDONTWRITEBYTECODE=1", []string{inVenv(home), "main.py"}
		},
	}
}

func inVenv(home string) string { return filepath.Join(home, "bin", "python") }

func (s script) sdk() sdk {
	needs := func() error {
		_, err := s.tools()
		return err
	}
	return sdk{name: s.language, needs: needs, serve: s.serve}
}

// tools returns what the checks say, and an error for each that fails.
func (s script) tools() (versions []byte, err error) {
	for _, c := range s.checks {
		said, failed := exec.Command(c.command[0], c.command[1:]...).Output()
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%w: %s", java.ErrUnavailable, c.missing))
		}
		versions = append(versions, said...)
	}
	return versions, err
}

// serve starts the program; it ends with its standard input.
func (s script) serve(t *testing.T) string {
	t.Helper()
	home, err := s.installed(t.Context())
	require(t, err)
	port, addr := vacant(t)
	env, program := s.run(home)
	cmd := exec.Command(program[0], append(program[1:], port, holdMillis())...)
	cmd.Dir = filepath.Join("sdks", s.language)
	cmd.Env = append(os.Environ(), env)
	attend(t, cmd, addr)
	return "http://" + addr + "/functions"
}

// attend starts a program and waits until it listens. With the test its standard
// input ends, and it must end by that.
func attend(t *testing.T, cmd *exec.Cmd, addr string) {
	t.Helper()
	var words said
	cmd.Stdout, cmd.Stderr = &words, &words
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		if err := part(cmd, in, ended); err != nil {
			t.Errorf("%s: %v", cmd.Path, err)
		}
		if t.Failed() {
			t.Log(words.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := listening(ctx, addr, ended); err != nil {
		t.Fatalf("%s does not listen: %v", cmd.Path, err)
	}
}

// part ends a program by the end of its standard input.
func part(cmd *exec.Cmd, in io.Closer, ended <-chan error) error {
	if err := in.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(10 * time.Second):
		return errors.Join(errors.New("it goes on after the end of its standard input"), cmd.Process.Kill())
	}
}

// installed returns the directory with the packages, and fetches them if they are
// not there.
func (s script) installed(ctx context.Context) (string, error) {
	home, err := s.home()
	if err != nil {
		return "", err
	}
	complete := filepath.Join(home, "complete")
	if _, err := os.Stat(complete); err == nil {
		return home, nil
	}
	slog.New(slog.NewTextHandler(os.Stderr, nil)).Info("fetching packages, once; some seconds", "language", s.language)
	if err := errors.Join(os.RemoveAll(home), os.MkdirAll(home, 0o755)); err != nil {
		return "", err
	}
	for _, name := range s.files {
		if err := copyFile(filepath.Join(home, name), filepath.Join("sdks", s.language, name)); err != nil {
			return "", err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for _, c := range s.install(home) {
		if out, err := exec.CommandContext(ctx, c[0], c[1:]...).CombinedOutput(); err != nil {
			err = fmt.Errorf("%q: %w\n%s", c, err, out)
			if bytes.Contains(out, []byte(s.unreached)) {
				err = fmt.Errorf("%w: %w", java.ErrUnavailable, err)
			}
			return "", err
		}
	}
	return home, os.WriteFile(complete, nil, 0o600)
}

// home names the directory for the packages as they are named now, and for the
// tools that are there.
func (s script) home() (string, error) {
	versions, err := s.tools()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	sum.Write(versions)
	for _, name := range s.files {
		text, err := os.ReadFile(filepath.Join("sdks", s.language, name))
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	return filepath.Abs(filepath.Join("../.out/e2e/sdks", s.language+"-"+hex.EncodeToString(sum.Sum(nil)[:4])))
}

func copyFile(to, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}
