package memory_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	. "destination-astra/integration_tests/blackbox"
)

// TestStoreTrial starts forty first searches at once in a store of documents of 1,536
// dimensions. All that is resident is at most 1.2 times their vectors, and what any process
// takes.
func TestStoreTrial(t *testing.T) {
	if os.Getenv("MEMORY_TRIAL") == "" {
		t.Skip("set MEMORY_TRIAL=1 to run it; MEMORY_TRIAL_DOCUMENTS is how many documents are stored")
	}
	const dimension, perCall, searches, process = 1536, 100, 40, 96 << 20
	documents := numberOf(t, "MEMORY_TRIAL_DOCUMENTS", 50_000)
	dir := t.TempDir()
	serve := func() (*Process, string) {
		p := Start(t, dir, "local", "--data", "data", "--listen", "127.0.0.1:0")
		url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(p.Await(t, "Data API on"))
		return p, url + "/v1/default_keyspace"
	}
	send := func(url, body string) error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Token", "any")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	p, url := serve()
	require.NoError(t, send(url, fmt.Sprintf(`{"createCollection":{"name":"c","options":{"vector":{"dimension":%d},
		"indexing":{"deny":["text"]}}}}`, dimension)))
	for first := 0; first < documents; first += perCall {
		batch := make([]string, perCall)
		for i := range batch {
			batch[i] = fmt.Sprintf(`{"_id":%d,"text":%q,"$vector":%s}`, first+i, strings.Repeat("some text ", 150),
				vectorOf(dimension, first+i))
		}
		require.NoError(t, send(url+"/c", `{"insertMany":{"documents":[`+strings.Join(batch, ",")+`]}}`))
	}
	loaded := peakOf(p.Cmd.Process.Pid)
	p.Signal(t, syscall.SIGTERM, StopPatience)

	p, url = serve()
	var group errgroup.Group
	for i := range searches {
		group.Go(func() error {
			return send(url+"/c", fmt.Sprintf(`{"find":{"sort":{"$vector":%s},"options":{"limit":50}}}`, vectorOf(dimension, i)))
		})
	}
	require.NoError(t, group.Wait())
	peak, vectors := peakOf(p.Cmd.Process.Pid), int64(documents)*dimension*4
	p.Signal(t, syscall.SIGTERM, StopPatience)
	t.Logf("%d MiB at most while %d documents were loaded, %d MiB while they were searched: %.2f times the vectors",
		loaded>>20, documents, peak>>20, float64(peak)/float64(vectors))
	require.Less(t, peak, vectors*12/10+process)
}

// vectorOf is a vector that no other number has.
func vectorOf(dimension, seed int) string {
	raw := make([]byte, 0, 4*dimension)
	for i := range dimension {
		raw = binary.BigEndian.AppendUint32(raw, math.Float32bits(float32(math.Sin(float64(seed+i*i)))))
	}
	return fmt.Sprintf(`{"$binary":%q}`, base64.StdEncoding.EncodeToString(raw))
}
