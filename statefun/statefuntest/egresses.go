package statefuntest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkEgress finds an egress that a test looks at in vain.
func (f *functions) checkEgress(id string) error {
	if f.plain == nil && f.egresses == nil {
		return nil
	}
	known := map[string]bool{}
	for name := range f.egresses {
		known[name.String()] = true
	}
	for _, function := range f.list {
		for _, e := range function.Egresses() {
			known[e.String()] = true
		}
	}
	if e, ok := f.deadLetter.Egress(); ok {
		known[e.String()] = true
	}
	switch {
	case known[id]:
		return nil
	case len(known) == 0:
		return errors.New("no function declares an egress")
	}
	return fmt.Errorf("no function can send there, only to %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}
