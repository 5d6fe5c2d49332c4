package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// inHome is the folder that a path beginning with ~ means to a shell, which has not seen it where
// it stands in a file or behind a =. Another user's home is not looked up.
func inHome(path string, getenv func(string) string) (string, error) {
	name, rest, _ := strings.Cut(filepath.ToSlash(path), "/")
	if !strings.HasPrefix(name, "~") {
		return path, nil
	}
	home := getenv("HOME")
	switch {
	case name != "~":
		return "", fmt.Errorf("%s: write the folder of another user in full, or ./%s for a folder of that name", path, path)
	case home == "":
		return "", errors.New("~ is the folder that HOME names, which is not set: write it in full")
	}
	return filepath.Join(home, filepath.FromSlash(rest)), nil
}
