package memory_test

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// container is the memory of the container that is tried, and goLimit what the binary
// would derive from it.
const (
	container = int64(512 << 20)
	goLimit   = container/10*9 - 32<<20
)

// trial is an input, line by line, and what must come of it.
type trial struct {
	dimensions, chunkSize int
	mode                  string
	lines                 int // the last one is a state
	line                  func(i int) string
	states                int
	most                  int64 // bytes that may be resident; 0 means those of the container
}

// TestMemoryTrial writes inputs that once took gigabytes, and watches the resident memory.
func TestMemoryTrial(t *testing.T) {
	if os.Getenv("MEMORY_TRIAL") == "" {
		t.Skip("set MEMORY_TRIAL=1 to run it; MEMORY_TRIAL_RECORDS is how many small records are written")
	}
	small := numberOf(t, "MEMORY_TRIAL_RECORDS", 300_000)
	tests := map[string]trial{
		"states behind a record": {8, 1000, "append_dedup", 3001, func(i int) string {
			if i == 0 {
				return Note("s", 1, "one record")
			}
			return largeState(i)
		}, 3000, 0},
		"a large record in many dimensions": {3072, 1000, "append_dedup", 2, recordOf(20_000_000), 1, 0},
		"a large record in small chunks":    {3072, 32, "append_dedup", 2, recordOf(20_000_000), 1, 0},
		"four lines of 50 MB":               {8, 1000, "append_dedup", 5, recordOf(50_000_000), 1, 0},
		"ten lines of 64 MiB":               {8, 1000, "append", 11, recordOf(64 << 20), 1, 0},
		"small records":                     {8, 1000, "append", small + 1, recordOf(100), 1, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test.run(t) })
	}
}

// TestSoak writes a million small records and 300,000 larger ones. What is resident does not
// grow with their number.
func TestSoak(t *testing.T) {
	if os.Getenv("MEMORY_TRIAL") == "" {
		t.Skip("set MEMORY_TRIAL=1 to run it; MEMORY_TRIAL_PERCENT is how much of it is written")
	}
	const most = 200 << 20
	percent := numberOf(t, "MEMORY_TRIAL_PERCENT", 100)
	for _, mode := range []string{"append", "append_dedup"} {
		small := trial{8, 1000, mode, 10_000*percent + 1, recordOf(200), 1, most}
		t.Run(mode+" of 200 B", small.run)
		large := trial{8, 1000, mode, 3_000*percent + 1, recordOf(2_000), 1, most}
		t.Run(mode+" of 2 KB", large.run)
	}
}

// largeState is a state of a megabyte.
func largeState(i int) string {
	return fmt.Sprintf(`{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"n":%d,"pad":%q},"stream_states":[]}}}`,
		i, strings.Repeat("x", 1_000_000))
}

// recordOf makes records of so many bytes of prose.
func recordOf(size int) func(i int) string {
	return func(i int) string {
		var b strings.Builder
		b.Grow(size + 64)
		for n := i; b.Len() < size; n++ {
			fmt.Fprintf(&b, "line %d of record %d says \"something\" of its own\\n", n, i)
		}
		return fmt.Sprintf(`{"type":"RECORD","record":{"stream":"s","emitted_at":1,"data":{"id":%d,"text":"%s"}}}`,
			i, strings.ReplaceAll(b.String(), `"`, `\"`))
	}
}

func (c trial) run(t *testing.T) {
	api := NewDataAPI(t, localastra.Options{})
	service := httptest.NewServer(embedtest.NewServer(embedtest.Options{AnyKey: true, Dimensions: c.dimensions}))
	t.Cleanup(service.Close)
	job := NewJob(t, ConfigFor(api.URL, EmbeddingAt(service.URL+"/v1", c.dimensions),
		Set("processing", "chunk_size", c.chunkSize)), CatalogOf(StreamNamed("s", c.mode)))
	cmd := exec.CommandContext(t.Context(), Binary(t), job.Args()...)
	cmd.Dir, cmd.Env = job.Dir, append(CleanEnv(), fmt.Sprintf("GOMEMLIMIT=%d", goLimit))
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	output := &stateCounter{}
	cmd.Stdout, cmd.Stderr = output, os.Stderr
	require.NoError(t, cmd.Start())
	began := time.Now()
	var group errgroup.Group
	group.Go(func() error { return c.feed(stdin) })
	done := make(chan struct{})
	var peak int64
	group.Go(func() error {
		peak = watch(cmd.Process.Pid, done)
		return nil
	})
	err = cmd.Wait()
	close(done)
	fed := group.Wait()
	require.NoError(t, err, "the last it said: %s", output.last)
	require.NoError(t, fed)
	require.Equal(t, c.states, output.states)
	t.Logf("%d MiB at most, %s, %s", peak>>20, time.Since(began).Round(time.Second), output.last)
	require.Less(t, peak, cmp.Or(c.most, container))
}

func (c trial) feed(to io.WriteCloser) error {
	w := bufio.NewWriterSize(to, 1<<20)
	for i := range c.lines {
		line := c.line(i)
		if i == c.lines-1 && c.states == 1 {
			line = State("s", 1)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return to.Close()
}

// watch returns the most memory that was resident until done is closed.
func watch(pid int, done <-chan struct{}) (peak int64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		peak = max(peak, peakOf(pid))
		select {
		case <-tick.C:
		case <-done:
			return peak
		}
	}
}

// peakOf is the most memory that was resident so far; 0 for a process that has ended.
func peakOf(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, after, found := bytes.Cut(status, []byte("VmHWM:"))
	if err != nil || !found {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(string(bytes.Fields(after)[0]), 10, 64)
	return kilobytes << 10
}

// numberOf is a number in the environment.
func numberOf(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// stateCounter counts the states on stdout and keeps the end of the last line of the log.
type stateCounter struct {
	states int
	last   string
}

// Write takes lines, whole ones or not: each begins with its type.
func (s *stateCounter) Write(p []byte) (int, error) {
	s.states += bytes.Count(p, []byte(`{"type":"STATE"`))
	if at := bytes.LastIndex(p, []byte(`"message":"`)); at >= 0 {
		s.last = string(p[at:min(len(p), at+400)])
	}
	return len(p), nil
}
