package localastra_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

const benchDimension = 1536

// benchDocuments is one insertMany of 100 documents as the connector writes them.
func benchDocuments(batch int) string {
	documents := make([]string, 100)
	for i := range documents {
		n := batch*100 + i
		documents[i] = fmt.Sprintf(`{"_id":%q,"$vector":%s,"text":%q,"_ab_stream":"s","_ab_record_id":"s_%d",`+
			`"_ab_generation_id":%d,"_ab_text_hash":"%064d"}`, benchID(n), binaryVector(benchDimension, n),
			strings.Repeat("some text ", 150), n, n%2, n)
	}
	return `{"insertMany":{"documents":[` + strings.Join(documents, ",") + `]}}`
}

func benchID(n int) string { return fmt.Sprintf("%032x%032x", n*0x9E3779B97F4A7C1&0xFFFFFFFF, n) }

// openBench opens a file with batches of 100 documents.
func openBench(b testing.TB, batches int) caller {
	b.Helper()
	c := open(b, localastra.Options{Dir: b.TempDir()})
	loadBench(c, batches)
	return c
}

func loadBench(c caller, batches int) {
	c.must("", fmt.Sprintf(`{"createCollection":{"name":"c","options":{"vector":{"dimension":%d},
		"indexing":{"deny":["text"]}}}}`, benchDimension))
	for batch := range batches {
		c.must("c", benchDocuments(batch))
	}
}

func BenchmarkInsertMany(b *testing.B) {
	c := openBench(b, 0)
	batch := 0
	bodies := make([]string, 64)
	for i := range bodies {
		bodies[i] = benchDocuments(i)
	}
	b.SetBytes(int64(len(bodies[0])))
	b.ReportAllocs()
	for b.Loop() {
		if batch > 0 && batch%len(bodies) == 0 {
			b.StopTimer()
			c.must("c", `{"deleteMany":{}}`)
			b.StartTimer()
		}
		c.must("c", bodies[batch%len(bodies)])
		batch++
	}
	b.ReportMetric(float64(100*batch)/b.Elapsed().Seconds(), "docs/s")
}

func benchFind(b *testing.B, batches int, body string) {
	c := openBench(b, batches)
	c.must("c", body) // caches are built on first use
	b.ReportAllocs()
	for b.Loop() {
		c.must("c", body)
	}
}

func BenchmarkFindByID(b *testing.B) {
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = benchID(i * 17)
	}
	benchFind(b, 20, `{"find":{"filter":{"_id":{"$in":["`+strings.Join(ids, `","`)+
		`"]}},"projection":{"_ab_stream":1}}}`)
}

func BenchmarkFindByRecordID(b *testing.B) {
	benchFind(b, 20, `{"find":{"filter":{"_ab_stream":"s","_ab_record_id":{"$in":["s_5","s_900","s_1999"]}}}}`)
}

func BenchmarkFindByGeneration(b *testing.B) {
	benchFind(b, 20, `{"find":{"filter":{"_ab_stream":"s","_ab_generation_id":{"$lt":1}},
		"projection":{"_ab_stream":1}}}`)
}

// BenchmarkOpen opens a file with as many documents as BENCH_DOCUMENTS says.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(b, err)
	loadBench(caller{b, server}, benchBatches(b, 20))
	require.NoError(b, server.Close())
	b.ReportAllocs()
	for b.Loop() {
		server, err := localastra.Open(localastra.Options{Dir: dir})
		require.NoError(b, err)
		require.NoError(b, server.Close())
	}
}

// BenchmarkFirstVectorSearch includes what the first search of a server has to load.
func BenchmarkFirstVectorSearch(b *testing.B) {
	dir := b.TempDir()
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(b, err)
	loadBench(caller{b, server}, benchBatches(b, 20))
	require.NoError(b, server.Close())
	b.ReportAllocs()
	for b.Loop() {
		server, err := localastra.Open(localastra.Options{Dir: dir})
		require.NoError(b, err)
		caller{b, server}.must("c", vectorSearch())
		b.StopTimer()
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MiB")
		require.NoError(b, server.Close())
		b.StartTimer()
	}
}

// BenchmarkInsertManyConcurrently is BenchmarkInsertMany with four clients, as loaders
// have.
func BenchmarkInsertManyConcurrently(b *testing.B) {
	c := openBench(b, 0)
	bodies := make([]string, 32)
	for i := range bodies {
		bodies[i] = benchDocuments(i)
	}
	documents := 0
	b.ReportAllocs()
	for b.Loop() {
		var group errgroup.Group
		group.SetLimit(4)
		for _, body := range bodies {
			group.Go(func() error {
				c.must("c", body)
				return nil
			})
		}
		require.NoError(b, group.Wait())
		documents += 100 * len(bodies)
		b.StopTimer()
		c.must("c", `{"deleteMany":{}}`)
		b.StartTimer()
	}
	b.ReportMetric(float64(documents)/b.Elapsed().Seconds(), "docs/s")
}

func BenchmarkFindByWords(b *testing.B) {
	c := open(b, localastra.Options{Memory: true})
	c.must("", `{"createCollection":{"name":"c"}}`)
	for batch := range 100 {
		documents := make([]string, 100)
		for i := range documents {
			n := batch*100 + i
			documents[i] = fmt.Sprintf(`{"_id":%d,"$lexical":"word%d other%d common text of some length"}`, n,
				n%500, n%7)
		}
		c.insert(documents...)
	}
	const search = `{"find":{"sort":{"$lexical":"word17 common"},"options":{"limit":10}}}`
	c.must("c", search)
	b.ReportAllocs()
	for b.Loop() {
		c.must("c", search)
	}
}

func vectorSearch() string {
	return `{"find":{"sort":{"$vector":` + binaryVector(benchDimension, 7) + `},"options":{"limit":10}}}`
}

// benchBatches is how many batches of 100 documents a benchmark loads.
func benchBatches(b *testing.B, otherwise int) int {
	b.Helper()
	text := os.Getenv("BENCH_DOCUMENTS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err)
	return n / 100
}

func BenchmarkFindByVector(b *testing.B) {
	benchFind(b, benchBatches(b, 100), vectorSearch())
}

// BenchmarkFindByVectorFiltered searches among few, and among nearly all, of as many
// documents as BENCH_DOCUMENTS says.
func BenchmarkFindByVectorFiltered(b *testing.B) {
	batches := benchBatches(b, 20)
	for name, filter := range map[string]string{
		"ten":  `{"_ab_record_id":{"$in":["s_1","s_2","s_3","s_4","s_5","s_6","s_7","s_8","s_9","s_10"]}}`,
		"most": `{"_ab_generation_id":{"$ne":7}}`,
	} {
		b.Run(name, func(b *testing.B) {
			benchFind(b, batches, strings.Replace(vectorSearch(), `"sort"`, `"filter":`+filter+`,"sort"`, 1))
		})
	}
}
