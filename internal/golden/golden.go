package golden

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// UpdateVariable is the environment variable that makes [Assert] write golden files: any value but
// the empty one and "0" does.
const UpdateVariable = "GOLDEN_UPDATE"

// TB is the part of *testing.T that this package calls. Declaring it keeps the testing package,
// and the flags it brings, out of this one.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// Assert fails t when got differs from testdata/name, and says where the first difference is. With
// GOLDEN_UPDATE set it writes got to that file instead, creating directories as needed.
// A missing file is a failure, never an implicit update. Texts are compared byte for byte.
func Assert(t TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if updating() {
		if err := write(path, got); err != nil {
			t.Fatalf("%v", err)
			return
		}
		t.Logf("golden: wrote %s", path)
		return
	}
	want, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("golden: %s does not exist: run the test with %s=1 to create it", path, UpdateVariable)
		return
	}
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("golden: %s differs: %s", path, firstDifference(want, got))
	}
}

// Read returns the content of testdata/name, unpacked when the name ends in .gz, and fails t when it
// cannot be read. It is for tests that compare by their own rules.
func Read(t TB, name string) []byte {
	t.Helper()
	data, err := read(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return data
}

func updating() bool {
	value := os.Getenv(UpdateVariable)
	return value != "" && value != "0"
}

func read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("golden: read: %w", err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return data, nil
	}
	packed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("golden: unpack %s: %w", path, err)
	}
	data, err = io.ReadAll(packed)
	if err != nil {
		return nil, fmt.Errorf("golden: unpack %s: %w", path, err)
	}
	return data, nil
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("golden: write: %w", err)
	}
	if strings.HasSuffix(path, ".gz") {
		var packed bytes.Buffer
		// No name and no time in the header: an unchanged content gives an unchanged file.
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return fmt.Errorf("golden: pack %s: %w", path, err)
		}
		if _, err := w.Write(data); err != nil {
			return fmt.Errorf("golden: pack %s: %w", path, err)
		}
		if err := w.Close(); err != nil {
			return fmt.Errorf("golden: pack %s: %w", path, err)
		}
		data = packed.Bytes()
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("golden: write: %w", err)
	}
	return nil
}

// firstDifference shows the first line in which got departs from want, both quoted, so that white
// space is visible, and cut to a readable length.
func firstDifference(want, got []byte) string {
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range min(len(wantLines), len(gotLines)) {
		if wantLines[i] != gotLines[i] {
			w, g := fromDifference(wantLines[i], gotLines[i])
			return fmt.Sprintf("line %d:\n want %s\n got  %s", i+1, w, g)
		}
	}
	return fmt.Sprintf("the first %d lines agree; want %d lines, got %d",
		min(len(wantLines), len(gotLines)), len(wantLines), len(gotLines))
}

// fromDifference quotes a window of both lines that begins shortly before they part: the lines of
// JSON that golden files hold are often thousands of characters long.
func fromDifference(want, got string) (string, string) {
	const before, length = 40, 240
	start := 0
	for start < len(want) && start < len(got) && want[start] == got[start] {
		start++
	}
	start = max(0, start-before)
	cut := func(line string) string {
		window := line[start:min(len(line), start+length)]
		if start > 0 {
			return fmt.Sprintf("...%q (from column %d)", window, start+1)
		}
		return fmt.Sprintf("%q", window)
	}
	return cut(want), cut(got)
}
