package syncs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/localastra"
)

// Size of the gap test. Every write command waits for some reads, and lets the readers
// read some more while it is carried out.
const (
	gapRecords   = 2000
	gapReaders   = 4
	readsAWrite  = 20
	readsBeside  = 80
	leastReads   = gapRecords / 100 * readsAWrite // of a write command for each hundred records
	gapOldSuffix = "of the old version"
	gapNewSuffix = "of the new version"
)

// TestNoGap reads single records all the time while all of them are replaced: each answer
// holds a version, and once the new one was seen it stays. In the end there is exactly
// the new one.
func TestNoGap(t *testing.T) {
	t.Parallel()
	complete := Status("g", "COMPLETE")
	refresh := func(id int) object { return StreamNamed("g", "append", Generation(id, id)) }
	tests := map[string]struct{ before, after object }{
		"refresh":      {refresh(1), refresh(2)},
		"overwrite":    {StreamNamed("g", "overwrite"), StreamNamed("g", "overwrite")},
		"append_dedup": {StreamNamed("g", "append_dedup"), StreamNamed("g", "append_dedup")},
	}
	for _, backend := range Backends() {
		for name, test := range tests {
			t.Run(backend+"/"+name, func(t *testing.T) {
				t.Parallel()
				api := NewDataAPI(t, localastra.Options{Backend: backend})
				service := httptest.NewServer(smallEmbedder())
				defer service.Close()
				config := ConfigFor(api.URL, embeddedBy(service.URL))
				NewJob(t, config, CatalogOf(test.before)).Write(t, append(gapInput(gapOldSuffix), complete)...).Succeeded(t)
				r := newReaders(t, api)

				NewJob(t, config, CatalogOf(test.after)).Write(t, append(gapInput(gapNewSuffix), complete)...).Succeeded(t)

				reads, err := r.stop()
				require.NoError(t, err)
				require.Greater(t, reads, leastReads)
				t.Logf("%d reads during the write", reads)
				stored := api.Stored(t)
				require.Len(t, stored, gapRecords)
				for _, d := range stored {
					require.True(t, strings.HasSuffix(d.Text("text"), gapNewSuffix))
				}
				require.Len(t, Unique(Texts(stored, "text")), gapRecords)
			})
		}
	}
}

func gapInput(suffix string) []string {
	var all []string
	for id := range gapRecords {
		all = append(all, Note("g", id, fmt.Sprintf("record %d %s", id, suffix)))
	}
	return append(all, State("g", 1))
}

// readers ask for single records until they are stopped.
type readers struct {
	api   *DataAPI
	group errgroup.Group

	mu    sync.Mutex
	more  *sync.Cond
	reads int
	most  int  // reads that are allowed until the next write command
	quiet bool // nobody reads any more
}

// newReaders starts to read, and makes each write command wait for its share of reads.
func newReaders(t *testing.T, api *DataAPI) *readers {
	t.Helper()
	r := &readers{api: api}
	r.more = sync.NewCond(&r.mu)
	for i := range gapReaders {
		r.group.Go(func() error {
			defer r.rest()
			return r.read(t, i)
		})
	}
	for _, name := range []string{"insertMany", "deleteMany", "updateMany"} {
		stop := api.KeepControl(name, r.await)
		t.Cleanup(stop)
	}
	return r
}

// await holds a write command until the readers have read some more.
func (r *readers) await(*http.Request, []byte) (bool, int, []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	enough := r.reads + readsAWrite
	r.most = max(r.most, enough+readsBeside)
	r.more.Broadcast()
	for r.reads < enough && !r.quiet {
		r.more.Wait()
	}
	return false, 0, nil
}

// rest lets writes go on when a reader has ended.
func (r *readers) rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.quiet = true
	r.more.Broadcast()
}

// stop returns how often was read.
func (r *readers) stop() (int, error) {
	r.rest()
	err := r.group.Wait()
	return r.reads, err
}

// mayRead waits until reads are allowed; it is false when they are to stop.
func (r *readers) mayRead() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.reads >= r.most && !r.quiet {
		r.more.Wait()
	}
	return !r.quiet
}

// read asks for the ids one after the other, each reader from another one on.
func (r *readers) read(t *testing.T, reader int) error {
	client := &http.Client{Transport: r.api.Transport()}
	replaced := map[int]bool{}
	for id := reader * gapRecords / gapReaders; r.mayRead(); id = (id + 7) % gapRecords {
		a := Command(t, client, "http://local/v1/default_keyspace/"+Collection, "any",
			object{"find": object{"filter": object{"id": id}, "projection": object{"text": 1}}})
		var found []string
		for _, raw := range a.Data.Documents {
			found = append(found, DecodeDocument(t, raw).Text("text"))
		}
		older := fmt.Sprintf("text: record %d %s", id, gapOldSuffix)
		newer := fmt.Sprintf("text: record %d %s", id, gapNewSuffix)
		isNew := slices.Contains(found, newer)
		if !isNew && (replaced[id] || !slices.Contains(found, older)) {
			return fmt.Errorf("record %d: found %q, replaced before: %t", id, found, replaced[id])
		}
		replaced[id] = isNew
		r.mu.Lock()
		r.reads++
		r.more.Broadcast()
		r.mu.Unlock()
	}
	return nil
}
