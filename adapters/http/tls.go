package statefunhttp

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// TLS names the PEM files of a server. They may be replaced while it runs: the
// next handshake uses the new ones, and keeps the old ones while the new do not
// fit together.
type TLS struct {
	// CertFile is the certificate, followed by its intermediates.
	CertFile string
	// KeyFile is the certificate's private key.
	KeyFile string
	// ClientCAFile holds the authorities whose certificates clients must
	// show. Empty means that clients need none.
	ClientCAFile string
}

func (t TLS) paths() []string {
	if t.ClientCAFile == "" {
		return []string{t.CertFile, t.KeyFile}
	}
	return []string{t.CertFile, t.KeyFile, t.ClientCAFile}
}

// certificates are the files' contents, loaded. It is safe for concurrent use.
type certificates struct {
	paths []string
	log   *slog.Logger

	mu       sync.Mutex
	config   *tls.Config   // of the last contents that were good
	seen     []fs.FileInfo // of the files when they were last read
	contents [][]byte      // as last read, good or not
	bad      error         // what is wrong with contents
	trouble  string        // the last error in the log, so that it stands there once
}

// loadCertificates loads the files for the first time.
func loadCertificates(files TLS, log *slog.Logger) (*certificates, error) {
	if files.CertFile == "" || files.KeyFile == "" {
		return nil, errors.New("TLS: name a CertFile and a KeyFile")
	}
	c := &certificates{paths: files.paths(), log: log}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// serverConfig returns the configuration to serve with.
func (c *certificates) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current(), nil },
	}
}

// current returns the configuration for one handshake. It asks for the files'
// times, which costs microseconds, and reads them where these changed.
func (c *certificates) current() *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unchanged(time.Now()) {
		return c.config
	}
	if err := c.load(); err == nil {
		c.trouble = ""
	} else if c.trouble != err.Error() {
		c.trouble = err.Error()
		c.log.Warn("the certificates stay as they were: the new files cannot be used", "error", err)
	}
	return c.config
}

// settled is the age from which a file's time tells all its changes: file
// systems keep times in steps, so of two writes at nearly the same time the
// second may not show.
const settled = 2 * time.Second

// unchanged tells whether the files are surely those that were last read.
func (c *certificates) unchanged(now time.Time) bool {
	for i, path := range c.paths {
		info, err := os.Stat(path)
		if err != nil || c.seen == nil {
			return false
		}
		seen := c.seen[i]
		if !os.SameFile(info, seen) || !info.ModTime().Equal(seen.ModTime()) || info.Size() != seen.Size() {
			return false
		}
		if now.Sub(info.ModTime()) < settled {
			return false
		}
	}
	return true
}

// load reads the files, and replaces the configuration if their contents are
// new and good.
func (c *certificates) load() error {
	seen := make([]fs.FileInfo, len(c.paths))
	contents := make([][]byte, len(c.paths))
	for i, path := range c.paths {
		var err error
		// Times first: a change between the two steps must show next time.
		if seen[i], err = os.Stat(path); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		if contents[i], err = os.ReadFile(path); err != nil { //nolint:gosec // the path is the program's own option
			return fmt.Errorf("TLS: %w", err)
		}
	}
	same := slices.EqualFunc(contents, c.contents, bytes.Equal)
	c.seen, c.contents = seen, contents
	if !same {
		c.use(contents)
	}
	return c.bad
}

// use replaces the configuration if the contents are good.
func (c *certificates) use(contents [][]byte) {
	config, err := c.parse(contents)
	if c.bad = err; err != nil {
		return
	}
	if c.config != nil {
		c.log.Info("new certificates", "file", c.paths[0])
	}
	c.config = config
}

// parse makes the configuration of a handshake.
func (c *certificates) parse(contents [][]byte) (*tls.Config, error) {
	pair, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return nil, fmt.Errorf("TLS: certificate %s with key %s: %w", c.paths[0], c.paths[1], err)
	}
	config := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{pair},
		NextProtos:   []string{"h2", "http/1.1"},
	}
	if len(contents) < 3 {
		return config, nil
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(contents[2]) {
		return nil, fmt.Errorf("TLS: %s holds no certificate in PEM form", c.paths[2])
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	// Every connection shows its certificate: what a resumed session may do
	// when the authorities have changed is not left to the library.
	config.SessionTicketsDisabled = true
	return config, nil
}
