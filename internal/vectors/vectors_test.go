package vectors_test

import (
	"testing"

	"github.com/statefun-go/statefun-go/internal/vectors"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	total := 0
	for _, folder := range vectors.Folders {
		scenarios, err := vectors.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scenarios {
			if s.Name == "" || s.Protocol != "v3" && s.Protocol != "v2" {
				t.Errorf("%s: scenario %q has protocol %q", folder, s.Name, s.Protocol)
			}
		}
		total += len(scenarios)
	}
	if total != 424 {
		t.Errorf("%d scenarios, want all 424", total)
	}
	agreements, err := vectors.Agreements()
	if err != nil || len(agreements) == 0 {
		t.Errorf("%d agreements, %v", len(agreements), err)
	}
}
