package parity_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tableVariable names a file for the matrix as a table.
const tableVariable = "STATEFUN_PARITY_TABLE"

// TestMatrix asks everything everywhere.
func TestMatrix(t *testing.T) {
	t.Parallel()
	m := newMatrix()
	t.Cleanup(func() { m.finish(t) })
	for _, c := range m.columns {
		t.Run(c.group+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			m.steady(t, c)
		})
	}
	t.Run("too long", func(t *testing.T) {
		t.Parallel()
		m.hurried(t)
	})
}

// matrix keeps what came of each cell.
type matrix struct {
	rows        []*row
	columns     []*column
	differences []*difference

	mu    sync.Mutex
	cells map[[2]string]string // by row and column
	used  map[*difference]bool
}

func newMatrix() *matrix {
	return &matrix{rows: rows(), columns: columns(), differences: differences(), cells: map[[2]string]string{}, used: map[*difference]bool{}}
}

// steady asks for all rows of one column but the hurried ones.
func (m *matrix) steady(t *testing.T, c *column) {
	t.Helper()
	p := newProbe(t, c.open(t, setup{timeout: patience}))
	for _, r := range m.rows {
		if r.hurried {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			if fault := m.cell(t.Context(), c, r, p); fault != "" {
				t.Error(fault)
			}
		})
	}
	if fault := p.check(t.Context()); fault != "" {
		t.Error(fault)
	}
}

// hurried asks for the other rows, everywhere at once: it mostly waits.
func (m *matrix) hurried(t *testing.T) {
	t.Helper()
	var late []*row
	for _, r := range m.rows {
		if r.hurried {
			late = append(late, r)
		}
	}
	var all sync.WaitGroup
	defer all.Wait()
	for _, c := range m.columns {
		p := newProbe(t, c.open(t, setup{timeout: hurry, concurrency: len(late) + 1})) // one more for the probe
		for _, r := range late {
			all.Go(func() {
				if fault := m.cell(t.Context(), c, r, p); fault != "" {
					t.Errorf("%s, %s: %s: %s", c.group, c.name, r.name, fault)
				}
			})
		}
	}
}

// cell asks for one row, and says what is wrong.
func (m *matrix) cell(ctx context.Context, c *column, r *row, p *probe) (fault string) {
	d, err := find(m.differences, r, c)
	if err != nil {
		return err.Error()
	}
	want, mark := outcome{want: r.want()}, "ok"
	if d != nil {
		want, mark = d.outcome, d.letter
	}
	if !want.notSent {
		got, err := p.ask(ctx, r.request())
		fault = want.compare(got, err)
	}
	if r.fails && fault == "" {
		fault = p.check(ctx)
	}
	if fault != "" {
		mark = "!!"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cells[[2]string{r.name, c.group + c.name}] = mark
	m.used[d] = true
	return fault
}

// compare says what is wrong with an answer, and "" if nothing is.
func (o *outcome) compare(got *answer, err error) string {
	switch {
	case o.fails && err != nil:
		return ""
	case err != nil:
		return fmt.Sprint("no answer: ", err)
	case o.fails:
		return fmt.Sprint("got ", got, ", want a function error")
	case o.want == nil && got.status != o.status:
		return fmt.Sprint("got ", got, ", want status ", o.status)
	case o.want != nil && !got.equal(o.want):
		return fmt.Sprint("got ", got, ", want ", o.want)
	}
	return ""
}

// probe is a way to the functions that knows which process is behind it.
type probe struct {
	ask ask
	pid string
}

func newProbe(t *testing.T, a ask) *probe {
	t.Helper()
	pid, err := process(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return &probe{ask: a, pid: pid}
}

// check says whether the process is not the one that it was, or does not
// answer any more.
func (p *probe) check(ctx context.Context) (fault string) {
	pid, err := process(ctx, p.ask)
	if err != nil {
		return fmt.Sprint("afterwards: ", err)
	}
	if pid != p.pid {
		return fmt.Sprintf("afterwards: the process was %s and is %s", p.pid, pid)
	}
	return ""
}

// process asks for the number of the process.
func process(ctx context.Context, a ask) (pid string, err error) {
	got, err := a(ctx, to("pid", nil)())
	if err != nil {
		return "", err
	}
	if got.status != http.StatusOK {
		return "", errors.New(got.String())
	}
	value, err := sent(got.body)
	return string(value), err
}

// finish looks for differences that are none any more, and writes the table.
func (m *matrix) finish(t *testing.T) {
	t.Helper()
	complete := len(m.cells) == len(m.rows)*len(m.columns) // not so with -run
	for _, d := range m.differences {
		if complete && !m.used[d] {
			t.Errorf("difference %s of %q is in no cell", d.letter, d.rows)
		}
	}
	if path := os.Getenv(tableVariable); path != "" {
		if err := os.WriteFile(path, []byte(m.table()), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// table is the matrix for people.
func (m *matrix) table() string {
	const width = 5
	var b strings.Builder
	group, head, names := "", fmt.Sprintf("%-36s", ""), fmt.Sprintf("%-36s", "")
	for _, c := range m.columns {
		if c.group != group {
			n := 0
			for _, other := range m.columns {
				if other.group == c.group {
					n++
				}
			}
			head += fmt.Sprintf("  %-*s", n*width, c.group)
			names += "  "
			group = c.group
		}
		names += fmt.Sprintf("%-*s", width, c.name)
	}
	fmt.Fprintf(&b, "%s\n%s\n", strings.TrimRight(head, " "), strings.TrimRight(names, " "))
	for _, r := range m.rows {
		group = ""
		line := fmt.Sprintf("%2d %-33s", r.number, r.name)
		for _, c := range m.columns {
			if c.group != group {
				line += "  "
				group = c.group
			}
			line += fmt.Sprintf("%-*s", width, m.cells[[2]string{r.name, c.group + c.name}])
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	b.WriteString("\nok  status, content type and body as everywhere; the others:\n")
	for _, d := range m.differences {
		if d.reason != "" {
			fmt.Fprintf(&b, "%-3s %s\n", d.letter, d.reason)
		}
	}
	return b.String()
}

// TestRows checks the rows themselves: their names, and that the requests do
// what they are there for.
func TestRows(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, r := range rows() {
		if names[r.name] {
			t.Errorf("two rows are called %q", r.name)
		}
		names[r.name] = true
	}
	for _, d := range differences() {
		for _, name := range d.rows {
			if !names[name] {
				t.Errorf("difference %s is of a row that is not there: %q", d.letter, name)
			}
		}
	}
	h := newHandler()
	remainders := map[int]bool{}
	for _, r := range sizes() {
		if r.number == 5 {
			remainders[len(r.request().body)%3] = true
		}
		if strings.HasPrefix(r.name, "answer") && !strings.HasSuffix(r.name, "one byte") {
			body, err := h.Append(context.Background(), nil, r.request().body)
			if size := len(body); err != nil || !slices.Contains([]int{balancerBytes, balancerBytes + 1, lambdaBytes, lambdaBytes + 1, plainBytes}, size) {
				t.Errorf("%s: %d bytes, %v", r.name, size, err)
			}
		}
	}
	if len(remainders) != 3 {
		t.Errorf("the sizes modulo three are %v", remainders)
	}
}
