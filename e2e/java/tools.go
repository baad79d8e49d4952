package java

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tools are the programs that the runtimes need, and where their results go.
type Tools struct {
	java, javac, maven string
	dir                string // of class paths, classes and logs
	log                *slog.Logger
}

// ErrUnavailable is the error of what this machine does not have and cannot
// fetch.
var ErrUnavailable = errors.New("not available on this machine")

// Find looks for java, javac and mvn; its error names every one that is missing.
// What is made goes below dir, an absolute path, and is used again by the next
// run. Progress goes to log.
func Find(dir string, log *slog.Logger) (*Tools, error) {
	t := &Tools{dir: dir, log: log}
	var missing []error
	for _, p := range []struct {
		to         *string
		name, what string
	}{
		{&t.java, "java", "a JDK, 17 or later"},
		{&t.javac, "javac", "a JDK, 17 or later"},
		{&t.maven, "mvn", "Apache Maven, 3.6 or later"},
	} {
		found, err := exec.LookPath(p.name)
		if err != nil {
			missing = append(missing, fmt.Errorf("%w: %s is not on the PATH: install %s", ErrUnavailable, p.name, p.what))
		}
		*p.to = found
	}
	return t, errors.Join(missing...)
}

// AtMost returns an error where Java is later than a version.
func (t *Tools) AtMost(version int) error {
	out, err := exec.CommandContext(context.Background(), t.java, "-version").CombinedOutput() //nolint:gosec // found on the PATH
	if err != nil {
		return fmt.Errorf("java -version: %w\n%s", err, last(out))
	}
	var is int
	if _, text, ok := strings.Cut(string(out), `version "`); ok {
		_, err = fmt.Sscanf(text, "%d", &is)
	}
	if err == nil && is > version {
		err = fmt.Errorf("%w: Java is %d, and this needs %d or earlier", ErrUnavailable, is, version)
	}
	return err
}

// ClassPath returns the class path of the Maven project in a directory. Maven
// fetches what the local repository lacks; while the project does not change
// and the files are there, it is asked only once.
func (t *Tools) ClassPath(ctx context.Context, project string) (string, error) {
	pom := filepath.Join(project, "pom.xml")
	kept, err := t.kept(pom)
	if err != nil {
		return "", err
	}
	if path, ok := complete(kept); ok {
		return path, nil
	}
	t.log.Info("fetching the jars, once; a minute or two", "project", filepath.Base(project))
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil { //nolint:gosec // a class path is no secret
		return "", err
	}
	cmd := exec.CommandContext(ctx, t.maven, "-B", "-ntp", "-f", pom, "dependency:build-classpath", //nolint:gosec // the project is this repository's
		"-DincludeScope=runtime", "-Dmdep.outputFile="+kept)
	if out, err := cmd.CombinedOutput(); err != nil {
		err = fmt.Errorf("fetch the jars of %s: %w\n%s", filepath.Base(project), err, last(out))
		if bytes.Contains(out, []byte("Could not transfer")) { // and not: "Could not find"
			err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return "", err
	}
	path, ok := complete(kept)
	if !ok {
		return "", fmt.Errorf("maven named jars for %s that are not there: see %s", pom, kept)
	}
	return path, nil
}

// kept names the file that holds the class path of a project as it is now.
func (t *Tools) kept(pom string) (string, error) {
	text, err := os.ReadFile(pom) //nolint:gosec // the project is this repository's
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	name := filepath.Base(filepath.Dir(pom)) + "-" + hex.EncodeToString(sum[:4]) + ".classpath"
	return filepath.Join(t.dir, name), nil
}

// complete returns a class path from a file, and whether all of it exists.
func complete(file string) (string, bool) {
	text, err := os.ReadFile(file) //nolint:gosec // its name is made here
	if err != nil {
		return "", false
	}
	path := strings.TrimSpace(string(text))
	for _, jar := range filepath.SplitList(path) {
		if _, err := os.Stat(jar); err != nil { //nolint:gosec // Maven wrote it
			return "", false
		}
	}
	return path, path != ""
}

// Compile compiles sources against a class path into a directory called name
// and returns it.
func (t *Tools) Compile(ctx context.Context, name, classPath string, sources ...string) (string, error) {
	dir := filepath.Join(t.dir, "classes", name)
	args := append([]string{"-nowarn", "-d", dir, "-cp", classPath}, sources...)
	out, err := exec.CommandContext(ctx, t.javac, args...).CombinedOutput() //nolint:gosec // the sources are this repository's
	if err != nil {
		return "", fmt.Errorf("compile %q: %w\n%s", sources, err, last(out))
	}
	return dir, nil
}

// last returns the end of a program's output.
func last(out []byte) []byte {
	const limit = 4 << 10
	return out[max(0, len(out)-limit):]
}
