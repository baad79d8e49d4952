package engine_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// recordedTLS makes the certificates of a recording about TLS: the files that
// its endpoint names, in dir, and the server's.
func recordedTLS(t *testing.T, dir, name string) *tls.Config {
	t.Helper()
	ca := &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	root := signed(t, ca, ca, nil)
	writePEM(t, filepath.Join(dir, "ca.pem"), "CERTIFICATE", root.Certificate[0])
	client := signed(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "client"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca, root.PrivateKey)
	key, err := x509.MarshalPKCS8PrivateKey(client.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "client.pem"), "CERTIFICATE", client.Certificate[0])
	writePEM(t, filepath.Join(dir, "client.key"), "PRIVATE KEY", key)
	host := "localhost"
	if name == "tls-wrong-name" {
		host = "other.test"
	}
	server := signed(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "server"}, DNSNames: []string{host}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca, root.PrivateKey)
	conf := &tls.Config{Certificates: []tls.Certificate{server}, MinVersion: tls.VersionTLS12, ClientCAs: x509.NewCertPool()}
	conf.ClientCAs.AddCert(root.Leaf)
	if name == "tls-mutual" {
		conf.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return conf
}

// signed fills in a certificate and signs it with the key of its parent, or with
// its own if that is nil.
func signed(t *testing.T, template, parent *x509.Certificate, by any) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if by == nil {
		by = key
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
