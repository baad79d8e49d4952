package module

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// object is a mapping of the file. The keys that are asked for are the valid
// ones; [object.close] reports the others.
type object struct {
	r       *reader
	what    string   // what messages call it, such as "spec"
	at      Position // of the key that it is the value of
	entries []entry
	asked   []string
	missing []missing
	broken  bool // some keys could not be read, so that nothing is surely missing
}

// missing is a key that must be there and is not.
type missing struct{ key, example string }

type entry struct {
	key   string
	at    Position // of the key
	value ast.Node
	taken bool
}

// object reads a mapping. It reports everything else, and keys that stand twice.
func (r *reader) object(n ast.Node, what string, at Position) (*object, bool) {
	var values []*ast.MappingValueNode
	switch n := r.plain(n, at).(type) {
	case nil:
		return nil, false
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		r.fail(r.valuePosition(n, at), "%s must be a mapping of keys to values, not %s", what, describe(n))
		return nil, false
	}
	o := &object{r: r, what: what, at: at}
	seen := make(map[string]Position, len(values))
	for _, v := range values {
		key, ok := r.key(v.Key)
		if !ok {
			o.broken = true
			continue
		}
		e := entry{key: key, at: r.position(v.Key.GetToken()), value: v.Value}
		if first, twice := seen[key]; twice {
			r.fail(e.at, "key %q stands twice in %s: the first is at %s", key, what, first)
			continue
		}
		seen[key] = e.at
		o.entries = append(o.entries, e)
	}
	return o, true
}

// key returns the text of a mapping's key.
func (r *reader) key(n ast.MapKeyNode) (string, bool) {
	switch n := n.(type) {
	case *ast.MappingKeyNode, *ast.MergeKeyNode, *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
		r.fail(r.position(n.GetToken()), "a key must be plain text: write it without ?, <<, *, & or !, as Flink needs it")
		return "", false
	case *ast.StringNode:
		return n.Value, true
	default:
		return n.GetToken().Value, true
	}
}

// plain takes an anchor off a node and reports what Flink does not understand. It
// returns nil if it has reported something.
func (r *reader) plain(n ast.Node, at Position) ast.Node {
	for {
		anchor, ok := n.(*ast.AnchorNode)
		if !ok || anchor.Value == nil {
			break
		}
		n = anchor.Value
	}
	switch n := n.(type) {
	case *ast.AliasNode:
		r.fail(r.valuePosition(n, at), "aliases are not resolved, neither here nor by Flink: write the value out")
		return nil
	case *ast.TagNode:
		r.fail(r.valuePosition(n, at), "tags such as %q are not read: write the plain value, in quotes if it is text", n.Start.Value)
		return nil
	case nil:
		return nil
	}
	return n
}

// valuePosition returns where the text of a node begins, for a caret that points
// at the value.
func (r *reader) valuePosition(n ast.Node, key Position) Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return r.position(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return r.position(n.Key.GetToken())
	case *ast.NullNode:
		return key // an implicit null has no text of its own
	}
	return r.position(n.GetToken())
}

// find returns the value of a key. An empty value (null) counts as absent, as it
// does for Flink.
func (o *object) find(key string) (*entry, bool) {
	o.asked = append(o.asked, key)
	for i := range o.entries {
		e := &o.entries[i]
		if e.key != key {
			continue
		}
		e.taken = true
		_, empty := e.value.(*ast.NullNode)
		return e, !empty && e.value != nil
	}
	return nil, false
}

// need is find for a key that must be there. An empty one is reported, with an
// example of what to write; a missing one is up to [object.close].
func (o *object) need(key, example string) (*entry, bool) {
	e, ok := o.find(key)
	switch {
	case ok:
		return e, true
	case e != nil:
		o.r.fail(e.at, "%s is empty: write for example %s", key, example)
	default:
		o.missing = append(o.missing, missing{key, example})
	}
	return nil, false
}

// child returns the mapping under a key, or false if there is none.
func (o *object) child(key string) (*object, bool) {
	e, ok := o.find(key)
	if !ok {
		return nil, false
	}
	return o.r.object(e.value, key, e.at)
}

// close reports the keys that nobody asked for, and then those that are missing.
// The function hint, which may be nil, can say more about an unknown one.
func (o *object) close(hint func(key string) string) {
	slices.Sort(o.asked)
	o.asked = slices.Compact(o.asked)
	var meant []string
	for _, e := range o.entries {
		if e.taken {
			continue
		}
		more := ""
		if hint != nil {
			more = hint(e.key)
		}
		if more == "" {
			more = didYouMean(e.key, o.asked)
		}
		meant = append(meant, nearest(e.key, o.asked))
		o.r.fail(e.at, "unknown key %q in %s%s (valid: %s)", e.key, o.what, more, strings.Join(o.asked, ", "))
	}
	o.reportMissing(meant)
}

// reportMissing reports the missing keys but those that another key, which has
// been reported, was probably meant to be.
func (o *object) reportMissing(meant []string) {
	for _, m := range o.missing {
		if !o.broken && !slices.Contains(meant, m.key) {
			o.r.fail(o.at, "%s has no %s: write for example %s: %s", o.what, m.key, m.key, m.example)
		}
	}
}

// describe names the kind of a node in words.
func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	default:
		return "a single value"
	}
}
