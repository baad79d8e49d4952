package reply

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
)

// MinSecretBytes is the shortest secret that [NewCredentials] takes.
const MinSecretBytes = 16

// Credentials are the shared secrets that a caller may present, in a header or
// in a query parameter. A nil *Credentials admits everybody. It is immutable
// and safe for concurrent use.
type Credentials struct {
	header, query string
	sums          [][sha256.Size]byte
}

// NewCredentials returns the check for secrets in the header or the query
// parameter of these names; one of the names may be empty. Any of the secrets
// is accepted, so that an old and a new one can be valid together while they
// are exchanged. No secrets and no names at all give nil, which admits
// everybody.
//
// A secret has at least [MinSecretBytes] bytes, all of them letters, digits or
// one of "-._~": these mean the same in a URL, encoded or not. Flink's async
// transport decodes the query of its URL before it sends it, so anything else
// might arrive as something else.
func NewCredentials(header, query string, secrets []string) (*Credentials, error) {
	if header == "" && query == "" && len(secrets) == 0 {
		return nil, nil //nolint:nilnil // a nil *Credentials is the one that admits everybody
	}
	var errs []error
	if header == "" && query == "" {
		errs = append(errs, errors.New("secrets without a place: name the header or the query parameter that carries one"))
	}
	if len(secrets) == 0 {
		errs = append(errs, errors.New("a header or query parameter for a secret, but no secret: nobody could call"))
	}
	c := &Credentials{header: header, query: query, sums: make([][sha256.Size]byte, len(secrets))}
	for i, secret := range secrets {
		errs = append(errs, checkSecret(i, secret))
		c.sums[i] = sha256.Sum256([]byte(secret))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return c, nil
}

// checkSecret says what is wrong with a secret without showing it.
func checkSecret(index int, secret string) error {
	if len(secret) < MinSecretBytes {
		return fmt.Errorf("secret %d has %d bytes: use at least %d", index, len(secret), MinSecretBytes)
	}
	if strings.ContainsFunc(secret, func(r rune) bool { return !unreserved(r) }) {
		return fmt.Errorf("secret %d has a character other than letters, digits and -._~: a URL may change it", index)
	}
	return nil
}

// unreserved are the characters that RFC 3986 §2.3 gives the same meaning
// encoded and not.
func unreserved(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~", r)
}

// Admit tells whether head carries one of the secrets.
//
// It compares hashes, all of them, so that the time it takes says nothing
// about the length or the text of a secret.
func (c *Credentials) Admit(head Head) bool {
	if c == nil {
		return true
	}
	found := 0
	if c.header != "" {
		found |= c.match(head.Header(c.header))
	}
	if c.query != "" {
		found |= c.match(head.Query(c.query))
	}
	return found == 1
}

// match returns 1 where candidate is one of the secrets, and 0 otherwise.
func (c *Credentials) match(candidate string) int {
	sum := sha256.Sum256([]byte(candidate))
	found := 0
	for i := range c.sums {
		found |= subtle.ConstantTimeCompare(sum[:], c.sums[i][:])
	}
	return found
}
