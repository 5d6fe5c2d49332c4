package document_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
	"destination-astra/document"
	"destination-astra/protocol"
)

// goldenCase is one run of the Python connector: what went in, what it embedded, and what it
// inserted, without _id and $vector.
type goldenCase struct {
	Name        string
	Processing  processing
	OmitRawText bool `json:"omit_raw_text"`
	Streams     []struct {
		Name, Namespace, Mode string
		PrimaryKey            [][]string `json:"primary_key"`
	}
	Records []struct {
		Stream, Namespace string
		Data              json.RawMessage
	}
	Texts     []string
	Documents []map[string]any
}

type processing struct {
	ChunkSize      int      `json:"chunk_size"`
	ChunkOverlap   int      `json:"chunk_overlap"`
	TextFields     []string `json:"text_fields"`
	MetadataFields []string `json:"metadata_fields"`
	Mappings       []struct {
		From string `json:"from_field"`
		To   string `json:"to_field"`
	} `json:"field_name_mappings"`
	Splitter struct {
		Mode       string
		Separators []string
		Keep       bool `json:"keep_separator"`
		Level      int  `json:"split_level"`
		Language   string
	} `json:"text_splitter"`
}

// own are the fields that the Python connector did not write.
var own = []string{"_id", "$vector", "_ab_chunk_index", "_ab_text_hash", "_ab_embedder",
	"_ab_generation_id", "_ab_attempt"}

func readLines[T any](t testing.TB, name string) []T {
	file, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	var all []T
	lines := bufio.NewReader(unzipped)
	decoder := json.NewDecoder(lines)
	decoder.UseNumber()
	for decoder.More() {
		var one T
		require.NoError(t, decoder.Decode(&one))
		all = append(all, one)
	}
	return all
}

func options(t testing.TB, p processing, counter chunk.Counter) document.Options {
	separators := make([]string, len(p.Splitter.Separators))
	for i, quoted := range p.Splitter.Separators {
		require.NoError(t, json.Unmarshal([]byte(quoted), &separators[i]))
	}
	splitter, err := chunk.NewSplitter(chunk.Options{
		Mode:          chunk.Mode(p.Splitter.Mode),
		Separators:    separators,
		KeepSeparator: p.Splitter.Keep,
		SplitLevel:    p.Splitter.Level,
		Language:      p.Splitter.Language,
		ChunkSize:     p.ChunkSize,
		ChunkOverlap:  p.ChunkOverlap,
		Counter:       counter,
	})
	require.NoError(t, err)
	o := document.Options{
		TextFields: p.TextFields, MetadataFields: p.MetadataFields,
		Splitter: splitter, Embedder: "fake/1536", Dimension: 1536,
	}
	for _, m := range p.Mappings {
		o.FieldNameMappings = append(o.FieldNameMappings,
			document.FieldNameMapping{FromField: m.From, ToField: m.To})
	}
	return o
}

// TestGoldens holds the documents against those that the Python connector wrote.
func TestGoldens(t *testing.T) {
	counter, err := chunk.NewTokenizer("gpt2")
	require.NoError(t, err)
	for _, c := range readLines[goldenCase](t, "goldens.jsonl.gz") {
		t.Run(c.Name, func(t *testing.T) {
			o := options(t, c.Processing, counter)
			o.OmitRawText = c.OmitRawText
			o.Indexing = document.Indexing{Deny: []string{"text", "_ab_long"}}
			built := buildCase(t, &c, o)
			if c.Name == "cohere" { // the embedder failed after its first call
				require.Equal(t, c.Texts, built.texts[:len(c.Texts)])
				return
			}
			if len(c.Streams) > 1 { // the Python connector wrote stream by stream in a batch
				slices.Sort(built.texts)
				slices.Sort(c.Texts)
			}
			require.Equal(t, c.Texts, built.texts)
			want := map[string][]map[string]any{}
			for _, d := range c.Documents {
				stream := d["_ab_stream"].(string)
				want[stream] = append(want[stream], withoutLostNames(d, built.dedup[stream]))
			}
			require.Equal(t, want, built.documents)
		})
	}
}

type builtCase struct {
	texts     []string
	documents map[string][]map[string]any // by _ab_stream
	dedup     map[string]bool
}

func buildCase(t *testing.T, c *goldenCase, o document.Options) builtCase {
	builder, err := document.NewBuilder(o)
	require.NoError(t, err)
	streams := map[protocol.StreamDescriptor]*document.Stream{}
	built := builtCase{documents: map[string][]map[string]any{}, dedup: map[string]bool{}}
	for _, s := range c.Streams {
		d := protocol.StreamDescriptor{Namespace: s.Namespace, Name: s.Name}
		stream := &document.Stream{Descriptor: d, PrimaryKey: s.PrimaryKey, Identity: document.IdentityRecord}
		if s.Mode == "append_dedup" && len(s.PrimaryKey) > 0 {
			stream.Identity, stream.Dedup = document.IdentityKey, true
		}
		streams[d] = stream
		built.dedup[stream.Name()] = stream.Dedup
	}
	for i, r := range c.Records {
		d := protocol.StreamDescriptor{Namespace: r.Namespace, Name: r.Stream}
		record, err := builder.Build(streams[d], &protocol.Record{Stream: d, Data: r.Data})
		require.NoError(t, err)
		record.SetOrdinal(int64(i))
		require.Equal(t, record.Deleted, len(record.Documents) == 0)
		for j := range record.Documents {
			document := &record.Documents[j]
			built.texts = append(built.texts, document.Text)
			fields := decode(t, document.AppendJSON(nil, nil))
			require.Equal(t, document.ID(), fields["_id"])
			name := fields["_ab_stream"].(string)
			built.documents[name] = append(built.documents[name], withoutOwn(fields))
		}
	}
	return built
}

func decode(t testing.TB, document []byte) map[string]any {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var fields map[string]any
	require.NoError(t, decoder.Decode(&fields), "%s", document)
	return fields
}

// withoutOwn removes what the Python connector did not write: our own fields, and the source
// fields that it lost or wrote under a name of the Data API's.
func withoutOwn(fields map[string]any) map[string]any {
	for name := range fields {
		if slices.Contains(own, name) || strings.HasPrefix(name, "_ab_field_") {
			delete(fields, name)
		}
	}
	return fields
}

// withoutLostNames removes from a golden document the fields that we rename.
func withoutLostNames(fields map[string]any, dedup bool) map[string]any {
	for name := range fields {
		if name == "" || name[0] == '$' || (name == "_ab_record_id" && !dedup) {
			delete(fields, name)
		}
	}
	return fields
}

// TestChunkingGoldens holds the chunks of one text, in every splitter configuration.
func TestChunkingGoldens(t *testing.T) {
	type chunkingCase struct {
		ID         string
		Processing processing
		Text       string
		Chunks     []struct {
			PageContent string `json:"page_content"`
			Metadata    map[string]any
		}
	}
	counter, err := chunk.NewTokenizer("gpt2")
	require.NoError(t, err)
	stream := &document.Stream{
		Descriptor: protocol.StreamDescriptor{Name: "s"}, Identity: document.IdentityContent,
	}
	for _, c := range readLines[chunkingCase](t, "chunking.jsonl.gz") {
		builder, err := document.NewBuilder(options(t, c.Processing, counter))
		require.NoError(t, err)
		data, err := json.Marshal(map[string]any{"t": c.Text, "id": 7})
		require.NoError(t, err)
		record, err := builder.Build(stream, &protocol.Record{Stream: stream.Descriptor, Data: data})
		if len(c.Chunks) == 0 {
			require.Error(t, err, c.ID)
			continue
		}
		require.NoError(t, err, c.ID)
		require.Len(t, record.Documents, len(c.Chunks), c.ID)
		for i, want := range c.Chunks {
			document := &record.Documents[i]
			require.Equal(t, want.PageContent, document.Text, c.ID)
			got := withoutOwn(decode(t, document.AppendJSON(nil, nil)))
			delete(got, "text")
			require.Equal(t, want.Metadata, got, c.ID)
		}
	}
}
