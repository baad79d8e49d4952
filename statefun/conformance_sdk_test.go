package statefun_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/statefun-go/statefun-go/internal/vectors"
	"github.com/statefun-go/statefun-go/internal/wire"
	"github.com/statefun-go/statefun-go/statefun"
)

// sdkFolders are the recorded answers of the official SDKs of version 3.3.0 to
// the same requests.
var sdkFolders = map[string]string{"go": vectors.SDKGo, "java": vectors.SDKJava, "js": vectors.SDKJS, "python": vectors.SDKPy}

// sdkCase is one request with what the SDKs answered; nil lines stand for a
// refusal.
type sdkCase struct {
	request []byte
	answers map[string][]string
}

// sdkCases loads all cases, by scenario/name.
func sdkCases(t *testing.T) map[string]*sdkCase {
	t.Helper()
	cases, c3 := map[string]*sdkCase{}, newCanon(t, wire.V3)
	for sdk, folder := range sdkFolders {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scenarios {
			for _, e := range s.Exchanges {
				name := s.Name + "/" + e.Name
				c := cases[name]
				if c == nil {
					c = &sdkCase{request: e.Request.Body, answers: map[string][]string{}}
					cases[name] = c
				}
				if !bytes.Equal(c.request, e.Request.Body) {
					t.Errorf("%s: %s has another request", name, sdk)
				}
				c.answers[sdk] = sdkAnswer(t, c3, name, &e)
			}
		}
	}
	return cases
}

// sdkAnswer returns the lines of a recorded answer, never nil, and nil for a
// refusal.
func sdkAnswer(t *testing.T, c3 canon, name string, e *vectors.Exchange) []string {
	t.Helper()
	if e.Response.Error != "" || e.Response.Status != 0 && e.Response.Status != 200 {
		return nil
	}
	lines, err := c3.lines(e.Response.Body, "")
	if err != nil {
		t.Errorf("%s: recorded answer: %v", name, err)
	}
	for _, v := range e.Variants {
		other, err := c3.lines(v, "")
		if err != nil || !slices.Equal(other, lines) {
			t.Errorf("%s: a variant means something else: %q, %v", name, other, err)
		}
	}
	return append([]string{}, lines...)
}

// agreed returns the one answer of all SDKs, if there is one; nil lines for a
// common refusal.
func (c *sdkCase) agreed() (lines []string, ok bool) {
	first := true
	for _, answer := range c.answers {
		if first {
			lines, first = answer, false
			continue
		}
		if (answer == nil) != (lines == nil) || !slices.Equal(answer, lines) {
			return nil, false
		}
	}
	return lines, true
}

func vectorHandler(t *testing.T, opts *statefun.Options) *statefun.Handler {
	t.Helper()
	h, err := statefun.New(vectorFunctions(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestOfficialSDKs runs every recorded case through ours. Where the official
// SDKs agree ours must too; every other case, and every one in which ours goes
// its own way, is a line of sdkVerdicts.
func TestOfficialSDKs(t *testing.T) {
	t.Parallel()
	h := vectorHandler(t, nil)
	cases := sdkCases(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, agreed := c.agreed()
			want := sdkVerdict{name: name, code: statefun.CodeFailed, refuse: true}
			if agreed && lines != nil {
				want = sdkVerdict{name: name, like: "all"}
			}
			verdict, listed := findVerdict(name)
			switch {
			case listed && agreed && lines != nil && !verdict.refuse:
				t.Fatal("all SDKs agree, and so does the verdict: take it off the list")
			case listed:
				want = verdict
			case !agreed:
				t.Fatal("the SDKs differ and no verdict is listed")
			}
			c.check(t, h, want, lines)
		})
	}
	for _, v := range sdkVerdicts {
		if cases[v.name] == nil {
			t.Errorf("the verdict on %s has no case", v.name)
		}
	}
}

func (c *sdkCase) check(t *testing.T, h *statefun.Handler, want sdkVerdict, agreed []string) {
	t.Helper()
	answer, err := h.Append(context.Background(), nil, bytes.Clone(c.request))
	if want.refuse {
		if err == nil {
			t.Fatalf("answered %x, want a refusal", answer)
		}
		if statefun.CodeOf(err) != want.code || !strings.Contains(err.Error(), want.says) {
			t.Fatalf("want code %v and a text with %q, got code %v: %v", want.code, want.says, statefun.CodeOf(err), err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var r wire.Request
	if err := r.Decode(bytes.Clone(c.request)); err != nil {
		t.Fatal(err)
	}
	got, err := newCanon(t, wire.V3).lines(answer, r.Target.Namespace+"/"+r.Target.Name+"|")
	if err != nil {
		t.Fatal(err)
	}
	if want.like != "all" {
		agreed = c.answers[want.like]
	}
	if agreed == nil || !slices.Equal(got, agreed) && (len(got) > 0 || len(agreed) > 0) {
		t.Errorf("got:\n%s\nwant, like %s:\n%s", strings.Join(got, "\n"), want.like, strings.Join(agreed, "\n"))
	}
}

// TestAgreementTable compares the recorded table of agreement with what this
// test's own comparison finds: it may see more answers as equal, never fewer.
func TestAgreementTable(t *testing.T) {
	t.Parallel()
	cases := sdkCases(t)
	agreements, err := vectors.Agreements()
	if err != nil {
		t.Fatal(err)
	}
	if len(agreements) != len(cases) {
		t.Errorf("%d cases in the table, %d in the folders", len(agreements), len(cases))
	}
	for _, a := range agreements {
		c := cases[a.Case]
		if c == nil {
			t.Errorf("%s is in no folder", a.Case)
			continue
		}
		for _, sdk := range a.Errors {
			if c.answers[sdk] != nil {
				t.Errorf("%s: %s refuses in the table and answers in its folder", a.Case, sdk)
			}
		}
		for _, group := range a.Answers {
			for _, sdk := range group {
				if got := c.answers[sdk]; got == nil || !slices.Equal(got, c.answers[group[0]]) {
					t.Errorf("%s: %s and %s agree in the table, not here:\n%q\n%q", a.Case, group[0], sdk, c.answers[group[0]], got)
				}
			}
		}
	}
}

// TestRecordedRequestSameBytes sends each recorded request thirty times, at once.
func TestRecordedRequestSameBytes(t *testing.T) {
	t.Parallel()
	h := vectorHandler(t, nil)
	var answers [30]map[string][]byte
	cases := sdkCases(t)
	var wait sync.WaitGroup
	for i := range answers {
		answers[i] = map[string][]byte{}
		wait.Go(func() {
			for name, c := range cases {
				// Errors answer nothing, every time.
				answers[i][name], _ = h.Append(context.Background(), nil, bytes.Clone(c.request))
			}
		})
	}
	wait.Wait()
	for name := range cases {
		for i := range answers {
			if got, want := answers[i][name], answers[0][name]; !bytes.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("%s: run %d gave %x, the first %x", name, i, got, want)
			}
		}
	}
}
