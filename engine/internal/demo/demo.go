package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	statefunhttp "github.com/statefun-go/statefun-go/adapters/http"
	"github.com/statefun-go/statefun-go/engine/module"
)

// Options are the flags of the command.
type Options struct {
	// Once ends when all is checked.
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

// Run runs the demo until it is done, or ctx ends, and stops what it started.
// Its error says what happened and what to do.
func Run(ctx context.Context, o Options) (err error) {
	play, p, err := newPlan(&o)
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
	function, err := start(ctx, p.name(), p.log(o.Example), p.program(o.Example), append([]string{"-addr", p.functionAddr}, p.flags...)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, function.stop()) }()
	engine, err := start(ctx, "the engine", p.log("engine"), p.program("statefun"), append([]string{"run", "--data", o.Data, "--log-format", "text"}, p.files...)...)
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
	fmt.Fprintf(o.Out, "%s answers at %s, the engine at %s and %s\n", p.name(), p.functionURL, p.ingress, p.egress)
	s := &session{
		ingress: p.ingress, egress: p.egress, topics: p.topics, out: o.Out, data: o.Data, program: p.pkg(),
		function: function, engine: engine,
	}
	return s.show(ctx, play, o.Once)
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
	example      string
	files        []string // the module files
	needs                 // of the script
	functionAddr string   // host:port
	functionURL  string
	functionAt   string // the place in the module file
	ingressAt    module.PlaygroundIngress
	egressAt     module.PlaygroundEgress
	ingress      string // base URLs
	egress       string
}

// newPlan finds out what the example is about, and where its parts are.
func newPlan(o *Options) (script, *plan, error) {
	root, err := findRoot()
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(root, "examples", o.Example)
	play, err := newScript(o, dir)
	if err != nil {
		return nil, nil, err
	}
	p := &plan{root: root, example: o.Example, needs: play.needs()}
	for _, file := range p.modules {
		p.files = append(p.files, filepath.Join(dir, file))
	}
	m, err := module.Load(p.files...)
	if err != nil {
		return nil, nil, fmt.Errorf("the module file is broken; correct it and run this again\n%w", err)
	}
	return play, p, p.locate(m)
}

// newScript returns the script of an example. It looks at the data directory
// before the engine makes it.
func newScript(o *Options, dir string) (script, error) {
	if o.Example != "greeter" {
		return loadDialogue(dir)
	}
	seen, err := loadTally(o.Data)
	return &greetings{seen, o.Data}, err
}

// locate finds the parts that the demo talks to.
func (p *plan) locate(m *module.Module) error {
	files := strings.Join(p.files, ", ")
	for _, function := range p.functions {
		namespace, name, _ := strings.Cut(function, "/")
		e, ok := m.Endpoint(namespace, name)
		if !ok {
			return fmt.Errorf("%s: no function %s is bound: add functions: %s/* to an endpoint", files, function, namespace)
		}
		u, err := e.URL(namespace, name)
		if err != nil {
			return err
		}
		if u.Scheme != "http" || u.Port() == "" || p.functionAddr != "" && p.functionAddr != u.Host {
			return fmt.Errorf("%s: the demo starts one program for all functions and needs a URL such as http://127.0.0.1:8000/, not %s", e.Position, u)
		}
		p.functionAddr, p.functionURL, p.functionAt = u.Host, "http://"+u.Host, e.Position.String()
	}
	i := slices.IndexFunc(m.Egresses, func(e module.PlaygroundEgress) bool {
		return e.Port != 0 && !slices.ContainsFunc(p.topics, func(topic string) bool { return !slices.Contains(e.Topics, topic) })
	})
	if len(m.Ingresses) == 0 || m.Ingresses[0].Port == 0 || i < 0 {
		return fmt.Errorf("%s: the demo needs a playground ingress, and a playground egress with the topics %s, both with a port",
			files, strings.Join(p.topics, ", "))
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

// name is what people read of the example's program, and pkg its package.
func (p *plan) name() string { return "the " + p.example }
func (p *plan) pkg() string  { return "./examples/" + p.example + "/cmd/http" }

// program and log are where build and start put things; the path of a program
// begins with a dot, so that it is not looked for in PATH.
func (p *plan) program(name string) string {
	return "." + string(filepath.Separator) + filepath.Join(p.root, ".out", name)
}
func (p *plan) log(name string) string { return filepath.Join(p.root, ".out", name+".log") }
