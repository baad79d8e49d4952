package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/engine/module"
)

// Options are the flags of the command.
type Options struct {
	// Once ends after the greetings.
	Once bool
	// Example is a directory below examples/.
	Example string
	// Data is the engine's data directory.
	Data string
	// Out gets what people read.
	Out io.Writer
}

// Times that are long enough for a slow machine.
const (
	startTime  = 30 * time.Second // for a process to get ready
	answerTime = 30 * time.Second // for an answer to come out
	stopTime   = 20 * time.Second // for a process to end
)

// greeted are the people who are greeted, in order.
func greeted() []string { return []string{"Ann", "Bob", "Ann"} }

// Run runs the demo until it is done, or ctx ends, and stops what it started.
// Its error says what happened and what to do.
func Run(ctx context.Context, o Options) (err error) {
	p, err := newPlan(&o)
	if err != nil {
		return err
	}
	defer func() { err = o.ended(ctx, err) }()
	if err := p.build(ctx, o.Out); err != nil {
		return err
	}
	if err := p.checkPorts(ctx); err != nil {
		return err
	}
	seen, err := loadTally(o.Data) // before the engine makes the directory
	if err != nil {
		return err
	}
	function, err := start(ctx, "the greeter", p.log("greeter"), p.program("greeter"), "-addr", p.functionAddr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, function.stop()) }()
	engine, err := start(ctx, "the engine", p.log("engine"), p.program("statefun"), "run", "--data", o.Data, "--log-format", "text", p.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.stop()) }()
	if err := function.await(ctx, p.functionURL+statefunhttp.HealthPath); err != nil {
		return err
	}
	if err := engine.await(ctx, p.ingress); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "the greeter answers at %s, the engine at %s and %s\n", p.functionURL, p.ingress, p.egress)
	s := &session{ingress: p.ingress, egress: p.egress, out: o.Out, data: o.Data, tally: seen, function: function, engine: engine}
	return s.show(ctx, o.Once)
}

// ended turns the end of ctx into success where a person has asked for it, but
// not where the counts should have been checked.
func (o *Options) ended(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == nil:
		return err
	case o.Once:
		return errors.Join(errors.New("interrupted before all was checked"), err)
	default:
		return nil
	}
}

// plan is where everything is.
type plan struct {
	root         string // of the repository
	file         string // the module file
	data         string
	functionAddr string // host:port
	functionURL  string
	functionAt   string // the place in the module file
	ingressAt    module.PlaygroundIngress
	egressAt     module.PlaygroundEgress
	ingress      string // base URLs
	egress       string
}

// topic is where the greeter's answers go.
const topic = "greetings"

func newPlan(o *Options) (*plan, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	p := &plan{root: root, data: o.Data, file: filepath.Join("examples", o.Example, "module.yaml")}
	if o.Example != "greeter" {
		return nil, fmt.Errorf("no demo for example %q: there is one for greeter", o.Example)
	}
	p.file = filepath.Join(root, p.file)
	m, err := module.Load(p.file)
	if err != nil {
		return nil, fmt.Errorf("the module file is broken; correct it and run this again\n%w", err)
	}
	return p, p.locate(m)
}

// locate finds the parts that the demo talks to.
func (p *plan) locate(m *module.Module) error {
	e, ok := m.Endpoint("example", "greeter")
	if !ok {
		return fmt.Errorf("%s binds no function example/greeter: add functions: example/* to its endpoint", p.file)
	}
	u, err := e.URL("example", "greeter")
	if err != nil {
		return err
	}
	if u.Scheme != "http" || u.Port() == "" {
		return fmt.Errorf("%s: the demo starts the greeter itself and needs a URL such as http://127.0.0.1:8000/, not %s", e.Position, u)
	}
	p.functionAddr, p.functionURL, p.functionAt = u.Host, "http://"+u.Host, e.Position.String()
	i := slices.IndexFunc(m.Egresses, func(e module.PlaygroundEgress) bool {
		return e.ID.String() == "example/greets" && slices.Contains(e.Topics, topic)
	})
	if len(m.Ingresses) == 0 || m.Ingresses[0].Port == 0 || i < 0 || m.Egresses[i].Port == 0 {
		return fmt.Errorf("%s: the demo needs a playground ingress, and a playground egress with id example/greets and topic %s, both with a port", p.file, topic)
	}
	p.ingressAt, p.egressAt = m.Ingresses[0], m.Egresses[i]
	p.ingress = fmt.Sprintf("http://127.0.0.1:%d", p.ingressAt.Port)
	p.egress = fmt.Sprintf("http://127.0.0.1:%d", p.egressAt.Port)
	return nil
}

// findRoot returns the root of the repository, the working directory or one
// above it.
// It is relative, so that messages are short.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	short := "."
	for at := dir; ; at, short = filepath.Dir(at), filepath.Join(short, "..") {
		if _, err := os.Stat(filepath.Join(at, "go.work")); err == nil {
			return short, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not in the repository: run make run in its root", dir)
		}
	}
}

// program and log are where build and start put things; the path of a program
// begins with a dot, so that it is not looked for in PATH.
func (p *plan) program(name string) string {
	return "." + string(filepath.Separator) + filepath.Join(p.root, ".out", name)
}
func (p *plan) log(name string) string { return filepath.Join(p.root, ".out", name+".log") }
