package store

import "time"

// SetPatience changes how long a commit waits for a disk that takes nothing.
func SetPatience(s Store, d time.Duration) { s.(*pebbleStore).patience = d }
