package module

import "strings"

// defaultEgressID is the only id that the playground itself knows.
const defaultEgressID = "io.statefun.playground/egress"

// ingress reads the spec of an io.statefun.playground.v1/ingress.
func (r *reader) ingress(spec *object, at Position) {
	port, ok := r.port(spec, "8090")
	spec.close(nil)
	if ok {
		r.module.Ingresses = append(r.module.Ingresses, PlaygroundIngress{port, at})
	}
}

// egress reads the spec of an io.statefun.playground.v1/egress.
func (r *reader) egress(spec *object, at Position) {
	id, ok := r.egressID(spec)
	port, okPort := r.port(spec, "8091")
	topics := spec.texts("topics", "[greetings]")
	spec.close(func(key string) string {
		if key == "topic" {
			return "; write a list: topics: [greetings]"
		}
		return ""
	})
	if ok && okPort && len(topics) > 0 {
		r.module.Egresses = append(r.module.Egresses, PlaygroundEgress{id, port, topics, at})
	}
}

// port reads the port of a server. The playground takes a missing port for any
// free one; here that must be written as 0.
func (r *reader) port(spec *object, example string) (int, bool) {
	s, ok := spec.needText("port", example)
	if !ok {
		return 0, false
	}
	port := r.number(s, "port", 0, 65535, -1)
	return int(port), port >= 0
}

func (r *reader) egressID(spec *object) (TypeName, bool) {
	s, ok := spec.text("id")
	if !ok {
		s.text = defaultEgressID
	}
	namespace, name, ok := strings.Cut(s.text, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		r.fail(s.at, "id: %q is not namespace/name with one slash", s.text)
		return TypeName{}, false
	}
	return TypeName{namespace, name}, true
}
