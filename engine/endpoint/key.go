package endpoint

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // the default of PBKDF2 in RFC 8018
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
)

// encryptedKey is the PEM type of an encrypted PKCS#8 key, which the standard
// library does not read.
const encryptedKey = "ENCRYPTED PRIVATE KEY"

// errPassword reports a password that does not open a key.
var errPassword = errors.New("the password does not open it")

// Shapes of RFC 5958 (EncryptedPrivateKeyInfo) and RFC 8018 (PBES2, PBKDF2).
type (
	sealedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct {
		Derivation pkix.AlgorithmIdentifier
		Cipher     pkix.AlgorithmIdentifier
	}
	derivation struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

// openKey decrypts a PKCS#8 key and returns it in PEM. As for Flink the whole
// content of the password's file is the password; where that does not fit, it
// is tried without the newline at its end.
func openKey(block *pem.Block, password []byte) ([]byte, error) {
	if len(password) == 0 {
		return nil, errors.New("it is encrypted: set client_key_password to a file that holds the password")
	}
	der, err := decryptKey(block.Bytes, password)
	if errors.Is(err, errPassword) {
		if trimmed := bytes.TrimRight(password, "\r\n"); len(trimmed) < len(password) {
			der, err = decryptKey(block.Bytes, trimmed)
		}
	}
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func decryptKey(der, password []byte) ([]byte, error) {
	var (
		sealed sealedKey
		scheme pbes2
		kdf    derivation
		iv     []byte
	)
	unsupported := errors.New("its encryption is not supported: " +
		"convert it with openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256")
	if err := unmarshal(der, &sealed); err != nil {
		return nil, err
	}
	if sealed.Algorithm.Algorithm.String() != "1.2.840.113549.1.5.13" ||
		unmarshal(sealed.Algorithm.Parameters.FullBytes, &scheme) != nil ||
		scheme.Derivation.Algorithm.String() != "1.2.840.113549.1.5.12" ||
		unmarshal(scheme.Derivation.Parameters.FullBytes, &kdf) != nil ||
		unmarshal(scheme.Cipher.Parameters.FullBytes, &iv) != nil {
		return nil, unsupported
	}
	size := keySize(scheme.Cipher.Algorithm)
	prf := prfOf(kdf.PRF.Algorithm)
	if size == 0 || prf == nil || len(iv) != aes.BlockSize || kdf.Iterations < 1 || kdf.Iterations > 10_000_000 {
		return nil, unsupported
	}
	key, err := pbkdf2.Key(prf, string(password), kdf.Salt, kdf.Iterations, size)
	if err != nil {
		return nil, fmt.Errorf("derive its key: %w", err)
	}
	return openCBC(key, iv, sealed.Data)
}

func unmarshal(der []byte, v any) error {
	rest, err := asn1.Unmarshal(der, v)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes after the end")
	}
	if err != nil {
		return fmt.Errorf("it is no PKCS#8 key: %w", err)
	}
	return nil
}

// keySize returns the size of the key of AES-CBC in bytes, or 0.
func keySize(id asn1.ObjectIdentifier) int {
	switch id.String() {
	case "2.16.840.1.101.3.4.1.2":
		return 16
	case "2.16.840.1.101.3.4.1.22":
		return 24
	case "2.16.840.1.101.3.4.1.42":
		return 32
	default:
		return 0
	}
}

func prfOf(id asn1.ObjectIdentifier) func() hash.Hash {
	switch id.String() {
	case "", "1.2.840.113549.2.7":
		return sha1.New
	case "1.2.840.113549.2.9":
		return sha256.New
	case "1.2.840.113549.2.10":
		return sha512.New384
	case "1.2.840.113549.2.11":
		return sha512.New
	default:
		return nil
	}
}

// openCBC decrypts data, takes the padding off and makes sure that a key came
// out.
func openCBC(key, iv, data []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("decrypt it: %w", err)
	}
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errors.New("it is no PKCS#8 key: its data is cut off")
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
	pad := int(out[len(out)-1])
	if pad < 1 || pad > aes.BlockSize {
		return nil, errPassword
	}
	out = out[:len(out)-pad]
	if _, err := x509.ParsePKCS8PrivateKey(out); err != nil {
		return nil, errPassword
	}
	return out, nil
}
