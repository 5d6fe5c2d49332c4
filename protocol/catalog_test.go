package protocol_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

const fullCatalog = `{"streams":[
  {"stream":{"name":"users","namespace":"public","json_schema":{"type":"object"},"supported_sync_modes":["incremental"],
     "is_resumable":true,"is_file_based":false,"source_defined_cursor":true,"default_cursor_field":["updated_at"],
     "source_defined_primary_key":[["id"]]},
   "sync_mode":"incremental","destination_sync_mode":"append_dedup","cursor_field":["updated_at"],
   "primary_key":[["id"],["address","city"]],"generation_id":3,"minimum_generation_id":0,"sync_id":812,
   "include_files":false,"destination_object_name":null},
  {"stream":{"name":"users","namespace":null},"sync_mode":"full_refresh","destination_sync_mode":"overwrite",
   "generation_id":null,"primary_key":null,"cursor_field":[]}
]}`

func TestParseCatalog(t *testing.T) {
	catalog, err := protocol.ParseCatalog([]byte(fullCatalog))
	require.NoError(t, err)
	yes, generation, minimum, sync := true, int64(3), int64(0), int64(812)
	require.Equal(t, &protocol.Catalog{Streams: []protocol.ConfiguredStream{
		{
			Stream: protocol.Stream{
				StreamDescriptor:        protocol.StreamDescriptor{Namespace: "public", Name: "users"},
				JSONSchema:              json.RawMessage(`{"type":"object"}`),
				SupportedSyncModes:      []protocol.SyncMode{protocol.Incremental},
				SourceDefinedCursor:     true,
				DefaultCursorField:      []string{"updated_at"},
				SourceDefinedPrimaryKey: [][]string{{"id"}},
				IsResumable:             &yes,
			},
			SyncMode: protocol.Incremental, DestinationSyncMode: protocol.AppendDedup,
			CursorField: []string{"updated_at"}, PrimaryKey: [][]string{{"id"}, {"address", "city"}},
			GenerationID: &generation, MinimumGenerationID: &minimum, SyncID: &sync,
		},
		{
			Stream:   protocol.Stream{StreamDescriptor: protocol.StreamDescriptor{Name: "users"}},
			SyncMode: protocol.FullRefresh, DestinationSyncMode: protocol.Overwrite,
		},
	}}, catalog)
	require.Equal(t, "public.users", catalog.Streams[0].Stream.Descriptor().String())
}

func TestParseCatalogModes(t *testing.T) {
	for _, mode := range []string{"append", "overwrite", "append_dedup", "update", "soft_delete"} {
		text := `{"streams":[{"stream":{"name":"s"},"sync_mode":"full_refresh","destination_sync_mode":"` + mode + `"}]}`
		catalog, err := protocol.ParseCatalog([]byte(text))
		require.NoError(t, err)
		require.EqualValues(t, mode, catalog.Streams[0].DestinationSyncMode)
	}
	catalog, err := protocol.ParseCatalog([]byte(" {\"streams\":[]}\n"))
	require.NoError(t, err)
	require.Empty(t, catalog.Streams)
}

func TestParseCatalogProblems(t *testing.T) {
	// configured replaces or adds members of a good stream.
	configured := func(members string) string {
		return `{"streams":[{"stream":{"name":"s"},"sync_mode":"full_refresh","destination_sync_mode":"append",` +
			members + `}]}`
	}
	tests := map[string]struct {
		text string
		want []string
	}{
		"empty":         {``, []string{"invalid JSON: unexpected end of JSON at byte 0"}},
		"not JSON":      {`{"streams":NaN}`, []string{"invalid JSON: NaN is not JSON at byte 11"}},
		"invalid UTF-8": {"{\"a\":\"\xff\"}", []string{"invalid UTF-8 at byte 6"}},
		"null":          {` null `, []string{"is not an object"}},
		"list":          {`[]`, []string{"is not an object"}},
		"no streams":    {`{}`, []string{"streams: is missing"}},
		"null streams":  {`{"streams":null}`, []string{"streams: is missing"}},
		"an object":     {`{"streams":{}}`, []string{"streams: is not a list"}},
		"null stream":   {`{"streams":[null]}`, []string{"streams[0]: is not an object"}},
		"everything missing": {`{"streams":[{}]}`, []string{
			"streams[0].stream: is missing",
			"streams[0].sync_mode: is missing",
			"streams[0].destination_sync_mode: is missing",
		}},
		"case-folded": {`{"Streams":[]}`, []string{"streams: is missing"}},
		"unknown mode": {configured(`"destination_sync_mode":"foo"`), []string{
			`streams[0].destination_sync_mode: "foo" is not one of append, overwrite, append_dedup, update, soft_delete`,
		}},
		"mode is a number": {
			configured(`"destination_sync_mode":1`), []string{"streams[0].destination_sync_mode: is not a string"},
		},
		"unknown sync mode": {configured(`"sync_mode":""`), []string{
			`streams[0].sync_mode: "" is not one of full_refresh, incremental`,
		}},
		"negative": {configured(`"generation_id":-1,"minimum_generation_id":-2,"sync_id":-3`), []string{
			"streams[0].generation_id: is -1, but cannot be negative",
			"streams[0].minimum_generation_id: is -2, but cannot be negative",
			"streams[0].sync_id: is -3, but cannot be negative",
		}},
		"minimum above": {configured(`"generation_id":4,"minimum_generation_id":5`), []string{
			"streams[0].minimum_generation_id: is 5, more than generation_id, which is 4",
		}},
		"fraction": {configured(`"generation_id":1.5`), []string{"streams[0].generation_id: is not an integer"}},
		"text as a number": {
			configured(`"sync_id":"1","minimum_generation_id":true`),
			[]string{
				"streams[0].minimum_generation_id: is not an integer",
				"streams[0].sync_id: is not an integer",
			},
		},
		"flat key": {configured(`"primary_key":["id"]`), []string{"streams[0].primary_key[0]: is not a list"}},
		"odd keys": {configured(`"primary_key":[["id"],[],[1],null]`), []string{
			"streams[0].primary_key[1]: is an empty path",
			"streams[0].primary_key[2][0]: is not a string",
			"streams[0].primary_key[3]: is not a list",
		}},
		"odd stream": {
			configured(`"stream":{"name":"","namespace":2,"json_schema":[],"is_resumable":1,"supported_sync_modes":"x"}`),
			[]string{
				"streams[0].stream.is_resumable: is not true or false",
				"streams[0].stream.namespace: is not a string",
				"streams[0].stream.name: is empty",
				"streams[0].stream.json_schema: is not an object",
				"streams[0].stream.supported_sync_modes: is not a list",
			},
		},
		"stream without name": {configured(`"stream":{}`), []string{"streams[0].stream.name: is missing"}},
		"duplicates": {
			`{"streams":[` + strings.Join([]string{
				`{"stream":{"name":"a"},"sync_mode":"full_refresh","destination_sync_mode":"append"}`,
				`{"stream":{"name":"a","namespace":"n"},"sync_mode":"full_refresh","destination_sync_mode":"append"}`,
				`{"stream":{"name":"a","namespace":""},"sync_mode":"full_refresh","destination_sync_mode":"append"}`,
			}, ",") + `]}`,
			[]string{`streams[2].stream: "a" is also streams[0].stream`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			catalog, err := protocol.ParseCatalog([]byte(tt.text))
			require.Nil(t, catalog)
			var problems *protocol.CatalogError
			require.ErrorAs(t, err, &problems)
			var got []string
			for _, p := range problems.Problems {
				got = append(got, p.String())
			}
			require.Equal(t, tt.want, got)
			require.EqualError(t, err, "protocol: parse catalog: "+strings.Join(tt.want, "; "))
		})
	}
}

// FuzzCatalog checks that a catalog is taken whole or refused with a reason.
func FuzzCatalog(f *testing.F) {
	for _, seed := range []string{
		fullCatalog, `{"streams":[]}`, `{"streams":[{}]}`, `null`, ` `, `{"streams":[{"stream":{"name":"a"}}]}`,
		`{"streams":[{"stream":{"name":"\ud800"},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		catalog, err := protocol.ParseCatalog(text)
		if err != nil {
			var problems *protocol.CatalogError
			require.True(t, errors.As(err, &problems) && len(problems.Problems) > 0)
			require.Nil(t, catalog)
			return
		}
		require.True(t, json.Valid(text))
		seen := map[protocol.StreamDescriptor]bool{}
		for _, c := range catalog.Streams {
			require.NotEmpty(t, c.Stream.Name)
			require.NotEmpty(t, c.SyncMode)
			require.NotEmpty(t, c.DestinationSyncMode)
			require.False(t, seen[c.Stream.Descriptor()])
			seen[c.Stream.Descriptor()] = true
			for _, path := range c.PrimaryKey {
				require.NotEmpty(t, path)
			}
		}
	})
}
