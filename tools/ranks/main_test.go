package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPackAgain packs what package chunk embeds, which its own test compares with OpenAI's files, once more.
func TestPackAgain(t *testing.T) {
	paths, err := filepath.Glob("../../chunk/ranks/*.ranks")
	if err != nil || len(paths) != 3 {
		t.Fatalf("found %q, %v", paths, err)
	}
	for _, path := range paths {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := run(unpack(want), &got); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: other bytes, %v", path, err)
		}
	}
}

// unpack returns the file of tiktoken that packed was made from.
func unpack(packed []byte) *bytes.Buffer {
	var file bytes.Buffer
	for rank := 0; len(packed) > 0; rank++ {
		end := 1 + int(packed[0])
		fmt.Fprintf(&file, "%s %d\n", base64.StdEncoding.EncodeToString(packed[1:end]), rank)
		packed = packed[end:]
	}
	return &file
}

func TestRunRefuses(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("a"), 256))
	for name, test := range map[string]struct{ input, want string }{
		"nothing":    {"", "unexpected EOF"},
		"a gap":      {"IQ== 0\nIg== 2\n", `line 2: the rank is "2", not 1`},
		"no rank":    {"IQ==\n", `line 1: the rank is "", not 0`},
		"no number":  {"IQ== 00\n", `the rank is "00"`},
		"no base64":  {"I 0\n", "illegal base64"},
		"loose bits": {"IR== 0\n", "illegal base64"},
		"no token":   {" 0\n", "a token of 0 bytes"},
		"long token": {long + " 0\n", "a token of 256 bytes"},
		"twice":      {"IQ== 0\nIQ== 1\n", `line 2: the token "!" has a rank already`},
		"empty line": {"IQ== 0\n\n", "line 2"},
		"long line":  {strings.Repeat("A", 1<<17), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := run(strings.NewReader(test.input), &out)
			if err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
				t.Errorf("error %v, %d bytes written", err, out.Len())
			}
		})
	}
}
