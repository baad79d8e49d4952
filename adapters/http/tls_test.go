package statefunhttp_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert, a.key = a.sign(t, template)
	return a
}

// sign makes a certificate; that of an authority signs itself.
func (a *authority) sign(t *testing.T, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// issue makes a certificate of a serial number for 127.0.0.1, in PEM form.
func (a *authority) issue(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	c, k := a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return a.pem("CERTIFICATE", c.Raw), a.pem("PRIVATE KEY", der)
}

func (*authority) pem(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// tlsFiles are the files of a server, and who signed them.
type tlsFiles struct {
	*authority
	statefunhttp.TLS
}

func newTLSFiles(t *testing.T) *tlsFiles {
	t.Helper()
	dir := t.TempDir()
	f := &tlsFiles{authority: newAuthority(t)}
	f.TLS = statefunhttp.TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	f.replace(t, 100)
	return f
}

// replace puts a new certificate into the files.
func (f *tlsFiles) replace(t *testing.T, serial int64) {
	t.Helper()
	cert, key := f.issue(t, serial)
	write(t, f.CertFile, cert)
	write(t, f.KeyFile, key)
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// requireClients lets the authority's clients in only.
func (f *tlsFiles) requireClients(t *testing.T, clients *authority) {
	t.Helper()
	f.ClientCAFile = filepath.Join(filepath.Dir(f.CertFile), "clients.pem")
	write(t, f.ClientCAFile, clients.pem("CERTIFICATE", clients.cert.Raw))
}

// client returns what a client is configured with; identity may be nil.
func (f *tlsFiles) client(t *testing.T, identity *authority) *tls.Config {
	t.Helper()
	config := &tls.Config{RootCAs: f.pool(), ServerName: "127.0.0.1"}
	if identity != nil {
		pair, err := tls.X509KeyPair(identity.issue(t, 7))
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

// handshake connects and makes a request. A refused client learns it at the
// latest from its first read.
func (s *testServer) handshake(t *testing.T, config *tls.Config) (serial int64, err error) {
	t.Helper()
	conn, err := tls.Dial("tcp", s.addr.String(), config)
	if err != nil {
		return 0, err
	}
	c := newClient(t, conn)
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Write(post(call("echo", "x"))); err != nil {
		return 0, err
	}
	a, err := readAnswer(c.reader, false)
	if err != nil {
		return 0, err
	}
	if a.status != 200 || !bytes.Equal(a.body, sent([]byte("x"))) {
		t.Errorf("%d %q, want the result", a.status, a.body)
	}
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
}

func TestTLS(t *testing.T) {
	t.Parallel()
	f := newTLSFiles(t)
	s := start(t, newBehaviours(), &statefunhttp.ServerOptions{TLS: &f.TLS})
	if serial, err := s.handshake(t, f.client(t, nil)); serial != 100 || err != nil {
		t.Errorf("certificate %d, %v", serial, err)
	}
	old := f.client(t, nil)
	old.MinVersion, old.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
	if _, err := s.handshake(t, old); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	plain := s.dial(t)
	plain.send(post(call("echo", "x")))
	if line, err := plain.reader.ReadString('\n'); err == nil && !strings.Contains(line, " 400 ") {
		t.Errorf("clear text was answered %q", line)
	}
}

// A client that does not begin its handshake is not waited for.
func TestSlowHandshake(t *testing.T) {
	t.Parallel()
	f := newTLSFiles(t)
	s := start(t, newBehaviours(), &statefunhttp.ServerOptions{TLS: &f.TLS, HeaderTimeout: 20 * time.Millisecond})
	s.dial(t).closed()
}

func TestHTTP2OverTLS(t *testing.T) {
	t.Parallel()
	f := newTLSFiles(t)
	s := start(t, newBehaviours(), &statefunhttp.ServerOptions{TLS: &f.TLS})
	transport := &http.Transport{TLSClientConfig: f.client(t, nil), ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	r := h2Request(t, s.addr, "POST", "/", "", call("echo", "x"))
	r.URL.Scheme = "https"
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusOK || answer.ContentLength != int64(len(sent([]byte("x")))) {
		t.Errorf("%s %s, %d bytes", answer.Proto, answer.Status, answer.ContentLength)
	}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	f, friends, strangers := newTLSFiles(t), newAuthority(t), newAuthority(t)
	f.requireClients(t, friends)
	s := start(t, newBehaviours(), &statefunhttp.ServerOptions{TLS: &f.TLS})
	for _, tt := range []struct {
		name     string
		identity *authority
		admitted bool
	}{{"none", nil, false}, {"of a stranger", strangers, false}, {"of a friend", friends, true}} {
		if _, err := s.handshake(t, f.client(t, tt.identity)); (err == nil) != tt.admitted {
			t.Errorf("certificate %s: %v", tt.name, err)
		}
	}

	friend := f.client(t, friends)
	friend.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	if _, err := s.handshake(t, friend); err != nil {
		t.Errorf("a friend: %v", err)
	}

	f.requireClients(t, strangers) // the authorities are exchanged
	if _, err := s.handshake(t, f.client(t, strangers)); err != nil {
		t.Errorf("after the exchange the new clients get %v", err)
	}
	if _, err := s.handshake(t, f.client(t, friends)); err == nil {
		t.Error("after the exchange the old clients are still admitted")
	}
	if _, err := s.handshake(t, friend); err == nil {
		t.Error("after the exchange a session of an old client is still resumed")
	}
}

func TestTLSReload(t *testing.T) {
	t.Parallel()
	var log logBuffer
	f := newTLSFiles(t)
	s := start(t, newBehaviours(), &statefunhttp.ServerOptions{TLS: &f.TLS, Options: statefunhttp.Options{Logger: log.logger()}})
	expect := func(serial int64, when string) {
		t.Helper()
		for range 3 {
			if got, err := s.handshake(t, f.client(t, nil)); got != serial || err != nil {
				t.Errorf("%s: certificate %d, %v, want %d", when, got, err, serial)
			}
		}
	}
	expect(100, "at the start")
	f.replace(t, 101)
	expect(101, "after a change")

	cert, key := f.issue(t, 102)
	write(t, f.CertFile, cert)
	expect(101, "between certificate and key")
	write(t, f.KeyFile, key)
	expect(102, "after both")

	write(t, f.KeyFile, []byte("broken"))
	expect(102, "with a broken key")
	if err := os.Remove(f.KeyFile); err != nil {
		t.Fatal(err)
	}
	expect(102, "without a key")
	write(t, f.KeyFile, key)
	expect(102, "with the old key again")
	f.replace(t, 103)
	expect(103, "after it all")

	if n := strings.Count(log.String(), "the certificates stay as they were"); n != 3 {
		t.Errorf("%d warnings, want one for each of 3 troubles:\n%s", n, log.String())
	}
	if n := strings.Count(log.String(), "new certificates"); n != 4 {
		t.Errorf("%d changes in the log, want 4 (the old key came back):\n%s", n, log.String())
	}
}

func TestBadCertificatesAtTheStart(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, f *tlsFiles){
		"key": func(t *testing.T, f *tlsFiles) { t.Helper(); write(t, f.KeyFile, []byte("broken")) },
		"clients": func(t *testing.T, f *tlsFiles) {
			t.Helper()
			f.requireClients(t, newAuthority(t))
			write(t, f.ClientCAFile, nil)
		},
	} {
		f := newTLSFiles(t)
		spoil(t, f)
		err := statefunhttp.Serve(t.Context(), "127.0.0.1:0", register(behaviours{}.functions()), &statefunhttp.ServerOptions{TLS: &f.TLS})
		if err == nil || !strings.Contains(err.Error(), filepath.Dir(f.CertFile)) {
			t.Errorf("%s: %v, want an error that names the file", name, err)
		}
	}
}
