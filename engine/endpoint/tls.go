package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/statefun-go/statefun-go/engine/module"
)

// tlsConfig builds the client's side of TLS. Host names are always checked.
func tlsConfig(t *module.Transport) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.TrustCACerts != "" {
		roots, err := loadRoots(t.TrustCACerts)
		if err != nil {
			return nil, fmt.Errorf("trust_cacerts: %w", err)
		}
		conf.RootCAs = roots
	}
	switch {
	case t.ClientCert == "" && t.ClientKey == "":
		return conf, nil
	case t.ClientCert == "" || t.ClientKey == "":
		return nil, errors.New("client_cert and client_key need each other")
	}
	cert, err := loadPair(t.ClientCert, t.ClientKey, t.ClientKeyPassword)
	if err != nil {
		return nil, err
	}
	conf.Certificates = []tls.Certificate{cert}
	return conf, nil
}

func loadRoots(location string) (*x509.CertPool, error) {
	data, err := readLocation(location)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", location)
	}
	return roots, nil
}

func loadPair(certAt, keyAt, passwordAt string) (tls.Certificate, error) {
	cert, err := readLocation(certAt)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client_cert: %w", err)
	}
	key, err := readLocation(keyAt)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client_key: %w", err)
	}
	if block, _ := pem.Decode(key); block != nil && block.Type == encryptedKey {
		password := []byte(nil)
		if passwordAt != "" {
			if password, err = readLocation(passwordAt); err != nil {
				return tls.Certificate{}, fmt.Errorf("client_key_password: %w", err)
			}
		}
		if key, err = openKey(block, password); err != nil {
			return tls.Certificate{}, fmt.Errorf("client_key %s: %w", keyAt, err)
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("client_cert %s with client_key %s: %w", certAt, keyAt, err)
	}
	return pair, nil
}

// readLocation reads a file named as Flink names them: a path or a file URL.
func readLocation(location string) ([]byte, error) {
	scheme, _, hasScheme := strings.Cut(location, ":")
	switch {
	case !hasScheme || strings.ContainsAny(scheme, "/."):
	case scheme == "file":
		u, err := url.Parse(location)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", location, err)
		}
		location = u.Path
		if u.Opaque != "" {
			location = u.Opaque
		}
	case scheme == "classpath":
		return nil, fmt.Errorf("%q: there is no class path here: write the path of a file", location)
	}
	data, err := os.ReadFile(location) //nolint:gosec // the operator names the file
	if err != nil && strings.HasPrefix(location, "~") {
		return nil, fmt.Errorf("%w (~ is not expanded: write the whole path)", err)
	}
	return data, err
}
