package localastra_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

const damagedDocuments = 300

// healthyFile is a database with some pages of everything, as bytes.
func healthyFile(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err)
	c := caller{t, server}
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":4}}}}`)
	for batch := range damagedDocuments / 50 {
		c.insert(repeat(50, func(i int) string {
			return fmt.Sprintf(`{"_id":"%d","n":%d,"text":%q,"$vector":%s}`, batch*50+i, i, strings.Repeat("x", 40+i),
				binaryVector(4, i))
		}))
	}
	c.must("c", `{"deleteMany":{"filter":{"n":7}}}`) // frees pages
	require.NoError(t, server.Close())
	content, err := os.ReadFile(filepath.Join(dir, "astra.db"))
	require.NoError(t, err)
	return content
}

// folderWith makes a folder with a database file.
func folderWith(t *testing.T, content []byte) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "astra.db"), content, 0o600))
	return dir
}

// readAll reads a collection in two ways, each whole: page by page with its vectors, and
// by an index. The error is the first that the server answers with.
func readAll(server *localastra.Server, t *testing.T) ([]string, error) {
	c := caller{t, server}
	var all []string
	state := "null"
	for {
		got := c.send("c", `{"find":{"projection":{"*":1},"options":{"pageState":`+state+`}}}`)
		if len(got.Errors) > 0 {
			return nil, errors.New(got.text)
		}
		all = append(all, got.documents()...)
		next, more := got.Data["nextPageState"].(string)
		if !more {
			break
		}
		state = fmt.Sprintf("%q", next)
	}
	for _, body := range []string{`{"find":{"filter":{"n":{"$gt":-1}}}}`, `{"find":{"sort":{"$vector":[1,1,1,1]}}}`,
		`{"insertOne":{"document":{"n":1}}}`, `{"deleteMany":{"filter":{"n":1}}}`} {
		if got := c.send("c", body); len(got.Errors) > 0 {
			return nil, errors.New(got.text)
		}
	}
	return all, nil
}

// openAndRead opens a folder and reads all of it.
func openAndRead(t *testing.T, dir string) ([]string, error) {
	server, err := localastra.Open(localastra.Options{Dir: dir, LockTimeout: time.Second})
	if err != nil {
		return nil, err
	}
	all, err := readAll(server, t)
	return all, errors.Join(err, server.Close())
}

// TestCutFile opens a database that ends too early, at many places.
func TestCutFile(t *testing.T) {
	content := healthyFile(t)
	all, err := openAndRead(t, folderWith(t, content))
	require.NoError(t, err)
	require.Len(t, all, damagedDocuments-6)
	for length := 1; length < len(content); length += 1 + len(content)/120 {
		dir := folderWith(t, content[:length])
		got, err := openAndRead(t, dir)
		if err == nil {
			require.Equal(t, all, got, "cut at %d", length)
			continue
		}
		require.ErrorContains(t, err, filepath.Join(dir, "astra.db")+" is damaged", "cut at %d", length)
		report, err := localastra.CheckDir(dir, time.Second)
		require.NoError(t, err)
		require.NotZero(t, report.Found, "cut at %d", length)
	}
}

// TestFlippedBit shows that a bit that changes is either harmless or an error, and never
// a document that is silently lost or changed.
func TestFlippedBit(t *testing.T) {
	content := healthyFile(t)
	all, err := openAndRead(t, folderWith(t, content))
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	errs := 0
	for i := range flips(t) {
		at := random.IntN(len(content))
		if i%3 == 0 { // heads and elements of pages are few bytes of many
			at = at&^4095 + random.IntN(200)
		}
		at = min(at, len(content)-1)
		flipped := append([]byte{}, content...)
		flipped[at] ^= 1 << random.IntN(8)
		dir := folderWith(t, flipped)
		report, err := localastra.CheckDir(dir, time.Second)
		require.NoError(t, err)
		got, err := openAndRead(t, dir)
		if err == nil {
			require.Equal(t, all, got, "flip %d at %d", i, at)
			continue
		}
		errs++
		require.ErrorContains(t, err, "is damaged", "flip %d at %d", i, at)
		require.NotZero(t, report.Found, "flip %d at %d: %.900v", i, at, err)
	}
	require.NotZero(t, errs)
}

// flips is how many bits TestFlippedBit tries.
func flips(t *testing.T) int {
	switch os.Getenv("TEST_EFFORT") {
	case "high":
		return 2000
	case "low":
		return 60
	}
	return 200
}

// TestFileShrinksWhileOpen cuts the file under a running server: requests get an error.
func TestFileShrinksWhileOpen(t *testing.T) {
	dir := folderWith(t, healthyFile(t))
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, os.Truncate(filepath.Join(dir, "astra.db"), 4096))
	c := caller{t, server}
	for range 2 {
		for _, body := range []string{`{"find":{}}`, `{"insertOne":{"document":{}}}`, `{"find":{"filter":{"n":1}}}`} {
			got := c.send("c", body)
			require.Equal(t, []string{"CORRUPTED_COLLECTION_SCHEMA"}, got.codes(), body)
			require.Contains(t, got.text, "astra.db is damaged")
		}
	}
	require.NoError(t, server.Close())
}

// TestLayout1 reads, checks and changes a file of the version before checksums.
func TestLayout1(t *testing.T) {
	packed, err := os.Open(filepath.Join("testdata", "layout1.db.gz"))
	require.NoError(t, err)
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	require.NoError(t, err)
	content, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	dir := folderWith(t, content)

	report, err := localastra.CheckDir(dir, time.Second)
	require.NoError(t, err)
	require.Equal(t, &localastra.Report{Documents: 3, Unsealed: 9}, report)
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err)
	c := caller{t, server}
	require.Equal(t, []any{"a", "b", "c"}, c.must("c", `{"find":{}}`).ids())
	require.Equal(t, []any{"b", "a"}, c.must("c", `{"find":{"sort":{"$vector":[0,1]}}}`).ids())
	c.insert(`{"_id":"d","$vector":[1,1]}`)
	c.must("c", `{"updateOne":{"filter":{"_id":"a"},"update":{"$set":{"n":5}}}}`)
	require.NoError(t, server.Close())

	report, err = localastra.CheckDir(dir, time.Second)
	require.NoError(t, err)
	require.Equal(t, &localastra.Report{Documents: 4, Unsealed: 7}, report, "what is written gets a checksum")
}
