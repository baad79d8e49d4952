package flink

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// newest returns the directory of the newest checkpoint or savepoint below a
// directory that is complete.
func newest(dir string) (string, error) {
	var last string
	var at time.Time
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.Name() != "_metadata" {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.ModTime().After(at) {
			last, at = filepath.Dir(path), info.ModTime()
		}
		return err
	})
	if err == nil && last == "" {
		err = fmt.Errorf("nothing is complete in %s", dir)
	}
	return last, err
}
