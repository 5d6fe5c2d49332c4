// Ranks packs the vocabulary of a byte-pair encoding for package chunk. It reads one of the files that
// OpenAI publishes for tiktoken from standard input, and writes to standard output what package chunk
// embeds:
//
//	curl -O https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken
//	go -C tools run ./ranks < o200k_base.tiktoken > chunk/ranks/o200k_base.ranks
//
// The input has a line for each token: its bytes in base64, a blank and its rank. The output has the tokens
// in the order of their ranks, from 0: a byte with the token's length, and the token.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ranks:", err)
		os.Exit(1)
	}
}

// run writes nothing unless all of the input is good.
func run(in io.Reader, out io.Writer) error {
	packed, err := pack(in)
	if err != nil {
		return err
	}
	_, err = out.Write(packed)
	return err
}

// pack returns the tokens of a file of tiktoken. It accepts only ranks that are the line's number, and tokens that
// fit in the length's byte and occur once, so that the file can be had back from what it returns.
func pack(in io.Reader) ([]byte, error) {
	var packed []byte
	seen := map[string]bool{}
	lines := bufio.NewScanner(in)
	for rank := 0; lines.Scan(); rank++ {
		token, err := parseLine(lines.Bytes(), rank)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", rank+1, err)
		}
		if seen[string(token)] {
			return nil, fmt.Errorf("line %d: the token %q has a rank already", rank+1, token)
		}
		seen[string(token)] = true
		packed = append(packed, byte(len(token)))
		packed = append(packed, token...)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(packed) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return packed, nil
}

// parseLine returns the token of a line, whose rank must be the one given.
func parseLine(line []byte, rank int) ([]byte, error) {
	encoded, number, _ := bytes.Cut(line, []byte(" "))
	if string(number) != strconv.Itoa(rank) {
		return nil, fmt.Errorf("the rank is %q, not %d", number, rank)
	}
	token, err := base64.StdEncoding.Strict().DecodeString(string(encoded))
	if err != nil {
		return nil, err
	}
	if len(token) == 0 || len(token) > math.MaxUint8 {
		return nil, fmt.Errorf("a token of %d bytes", len(token))
	}
	return token, nil
}
