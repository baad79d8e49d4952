package endpoint_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/statefun-go/statefun-go/engine/endpoint"
	"github.com/statefun-go/statefun-go/engine/module"
)

// authority signs certificates for a test and keeps them as PEM files.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	der, key := a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	})
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, a.key = cert, key
	a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

// sign fills in template and signs it, by itself at first.
func (a *authority) sign(t *testing.T, template *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, parentKey := a.cert, a.key
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

// issue writes <name>.pem and <name>.key for a host name.
func (a *authority) issue(t *testing.T, name, host string) tls.Certificate {
	t.Helper()
	der, key := a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{host},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".pem", "CERTIFICATE", der)
	a.write(t, name+".key", "PRIVATE KEY", pkcs8)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// serve starts a TLS server and returns its URL under localhost.
func (a *authority) serve(t *testing.T, host string, auth tls.ClientAuthType) string {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("X-Proto", r.Proto)
		w.Write([]byte(empty))
	}))
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{a.issue(t, "server", host)}, ClientAuth: auth, ClientCAs: pool, MinVersion: tls.VersionTLS12,
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	trust := func(e *module.Endpoint, a *authority) { e.Transport.TrustCACerts = a.file("ca.pem") }
	mutual := func(e *module.Endpoint, a *authority) {
		trust(e, a)
		e.Transport.ClientCert, e.Transport.ClientKey = a.file("client.pem"), "file:"+a.file("client.key")
	}
	const clientCert = "certificate required"
	for name, row := range map[string]struct {
		host string
		auth tls.ClientAuthType
		set  func(*module.Endpoint, *authority)
		want string // a part of the error, or ""
	}{
		"trusted":               {"localhost", tls.NoClientCert, trust, ""},
		"unknown authority":     {"localhost", tls.NoClientCert, func(*module.Endpoint, *authority) {}, "unknown authority"},
		"wrong host name":       {"other.example", tls.NoClientCert, trust, "not localhost"},
		"mutual":                {"localhost", tls.RequireAndVerifyClientCert, mutual, ""},
		"no client certificate": {"localhost", tls.RequireAndVerifyClientCert, trust, clientCert},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range []module.TransportKind{module.Async, module.OkHTTP} {
				a := newAuthority(t)
				a.issue(t, "client", "client.example")
				e := spec(kind, a.serve(t, row.host, row.auth))
				row.set(&e, a)
				answer, err := newClient(t, e).Call(t.Context(), greeter, []byte("x"))
				switch {
				case row.want == clientCert && kind == module.OkHTTP: // HTTP/2 does not say why
					wantFailure(t, err, retry)
				case row.want != "":
					wantFailure(t, err, retry, row.want)
				case err != nil || string(answer) != empty:
					t.Errorf("%q, %v", answer, err)
				}
			}
		})
	}
}

func TestBadTLSOptions(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		set  func(*module.Transport)
		want []string
	}{
		"no such file": {func(tr *module.Transport) { tr.TrustCACerts = "/nowhere/ca.pem" }, []string{"trust_cacerts", "/nowhere/ca.pem"}},
		"home":         {func(tr *module.Transport) { tr.TrustCACerts = "~/ca.pem" }, []string{"~ is not expanded"}},
		"class path":   {func(tr *module.Transport) { tr.TrustCACerts = "classpath:ca.pem" }, []string{"no class path here"}},
		"no PEM":       {func(tr *module.Transport) { tr.TrustCACerts = "testdata/README.md" }, []string{"no certificate in PEM"}},
		"key alone":    {func(tr *module.Transport) { tr.ClientKey = "testdata/keys/plain.pem" }, []string{"client_cert and client_key"}},
		"no key in it": {func(tr *module.Transport) {
			tr.ClientCert, tr.ClientKey = "testdata/keys/cert.pem", "testdata/README.md"
		}, []string{"client_cert", "client_key"}},
		"no such key":   {func(tr *module.Transport) { tr.ClientCert, tr.ClientKey = "testdata/keys/cert.pem", "/nowhere.key" }, []string{"client_key", "/nowhere.key"}},
		"no such cert":  {func(tr *module.Transport) { tr.ClientCert, tr.ClientKey = "/nowhere.pem", "x" }, []string{"client_cert", "/nowhere.pem"}},
		"no password":   {keys("aes256-sha256", ""), []string{"client_key_password"}},
		"wrong one":     {keys("aes256-sha256", "sesame"), []string{"password does not open it"}},
		"triple DES":    {keys("des3", "secret"), []string{"openssl pkcs8"}},
		"password file": {func(tr *module.Transport) { keys("aes256-sha256", "")(tr); tr.ClientKeyPassword = "/nowhere" }, []string{"client_key_password", "/nowhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := endpoint.New(withKeys(t, row.set))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(row.want, "module.yaml:3:3", "lab/*") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestEncryptedKeys(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"aes256-sha256", "aes128-sha1", "aes192-sha512"} {
		for _, password := range []string{"secret", "secret\n", "secret\r\n"} {
			if _, err := endpoint.New(withKeys(t, keys(name, password))); err != nil {
				t.Errorf("%s with %q: %v", name, password, err)
			}
		}
	}
}

// keys sets a client key; withKeys turns the password into a file.
func keys(name, password string) func(*module.Transport) {
	return func(tr *module.Transport) {
		tr.ClientCert, tr.ClientKey, tr.ClientKeyPassword = "testdata/keys/cert.pem", "testdata/keys/"+name+".pem", password
	}
}

func withKeys(t *testing.T, set func(*module.Transport)) module.Endpoint {
	t.Helper()
	e := spec(module.Async, "https://localhost:1/")
	set(&e.Transport)
	if p := e.Transport.ClientKeyPassword; p != "" && !strings.HasPrefix(p, "/") {
		e.Transport.ClientKeyPassword = filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(e.Transport.ClientKeyPassword, []byte(p), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return e
}
