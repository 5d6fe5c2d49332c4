package spec_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/internal/nearby"
	"destination-astra/spec"
)

// whole and truth name the properties that Parse also takes as strings.
var (
	whole = []string{"chunk_size", "chunk_overlap", "dimensions", "split_level",
		"max_rejected_records", "flush_interval_seconds", "requests_per_minute",
		"tokens_per_minute", "max_concurrency"}
	truth = []string{"omit_raw_text", "keep_separator", "allow_empty_overwrite"}
)

// coerced undoes what the package comment lists as Parse's leniency, so that the rest can
// be held against the schema.
func coerced(value any) any {
	in, ok := value.(object)
	if !ok {
		return value
	}
	out := object{}
	for name, inner := range in {
		if text, ok := inner.(string); ok {
			inner = coercedText(name, strings.TrimSpace(text))
		}
		if inner != nil {
			out[name] = coerced(inner)
		}
	}
	return out
}

func coercedText(name, text string) any {
	for _, n := range whole {
		if number, err := strconv.ParseInt(text, 10, 64); err == nil && n == name {
			return json.Number(strconv.FormatInt(number, 10))
		}
	}
	for _, n := range truth {
		if lower := strings.ToLower(text); n == name && (lower == "true" || lower == "false") {
			return lower == "true"
		}
	}
	return text
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(`{`))
	// Every option of every choice.
	for _, e := range []edits{
		{"embedding": object{"mode": "openai", "openai_key": " k ", "model": "m", "dimensions": "8"}},
		{"embedding": object{"mode": "cohere", "cohere_key": "k", "max_concurrency": 1}},
		{"embedding": object{"mode": "azure_openai", "openai_key": "k", "api_base": "https://a", "deployment": "d"}},
		{"embedding": object{"mode": "openai_compatible", "base_url": "http://a/v1", "dimensions": 8.0}},
		{"embedding": object{"mode": "from_field", "field_name": "v", "dimensions": 2}},
		{"processing.text_splitter": object{"mode": "separator", "separators": []string{`"\n"`}}},
		{"processing.text_splitter": object{"mode": "markdown", "split_level": "3"}},
		{"processing.text_splitter": object{"mode": "code", "language": "go"}},
		{"processing.rejected_records": object{"mode": "skip", "max_rejected_records": 5}},
		{"processing.field_name_mappings": []any{object{"from_field": "a", "to_field": "b"}}},
		{"indexing.astra_db_endpoint": "local:data", "indexing.astra_db_app_token": "", "omit_raw_text": "true"},
		{"indexing.indexing_deny": []string{"a&.b"}, "indexing.similarity_metric": "euclidean"},
		{"processing.chunk_overlap": nil, "processing.exclude_fields": []string{"a"}},
	} {
		f.Add(edited(f, e))
	}
	// A number whose digits would not fit into memory.
	f.Add([]byte(strings.Replace(minimal, "1000", "1e999999999", 1)))
	schema := connectionSchema(f, spec.ConnectorSpecification())
	f.Fuzz(func(t *testing.T, data []byte) {
		config, _, err := spec.Parse(data)
		if err != nil {
			require.Nil(t, config)
			_, ok := err.(spec.Errors)
			require.True(t, ok)
			return
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(coerced(instance)), string(data))
		require.Positive(t, config.EmbedderDimension())
		require.LessOrEqual(t, config.EmbedderDimension(), spec.MaxDimensions)
	})
}

// dialled is the host that net/http connects to for a URL, "" where it does not.
func dialled(t *testing.T, target string) string {
	host, stop := "", errors.New("stop")
	transport := &http.Transport{DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
		host, _, _ = net.SplitHostPort(address)
		return nil, stop
	}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, nil)
	require.NoError(t, err)
	_, err = transport.RoundTrip(request)
	require.Error(t, err)
	return host
}

// FuzzParseEndpoint: what the configuration accepts the Data API's client accepts, and where a
// plain http endpoint is an address in the end, it is one that plain http may go to.
func FuzzParseEndpoint(f *testing.F) {
	for _, text := range []string{astraEndpoint, "local:data", "http://[::1]:8181/v1/", "https://a b",
		"https://u:p@h", "http://8.8.8.8", "https://h/%2f?#", "http://8。8。8。8", "http://public．example｡org:8181/v1", "http://134744072",
		"http://0x08080808", "http://8888/", "http://010.1", "http://[fe80::1%25eth0]:8181", "http://[::ffff:808:808]/v1",
		"http://８.８.８.８", "http://stargate:8181", "http://db.local.", "https://8.8.8.8/v1", "http://db.apps.astra.datastax.com",
		"http://2130706433", "http://x/a//b/%2e%2e/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := spec.ParseEndpoint(text)
		if err != nil {
			require.Zero(t, e)
			return
		}
		_, local := e.IsLocal()
		require.Equal(t, local, len(e.BaseURLs()) == 0)
		for _, u := range e.BaseURLs() {
			require.False(t, strings.HasSuffix(u, "/"), u)
			_, err := astra.NewClient(astra.Options{Endpoint: u})
			require.NoError(t, err, u)
			address, err := netip.ParseAddr(dialled(t, u))
			if err == nil && strings.HasPrefix(u, "http://") {
				require.True(t, nearby.Allows(address), u)
			}
		}
		again, err := spec.ParseEndpoint(e.String())
		require.NoError(t, err)
		require.Equal(t, e, again)
	})
}

// FuzzPlainHTTP: the configuration and the client of the Data API refuse the same hosts, for
// plain http, and none for https.
func FuzzPlainHTTP(f *testing.F) {
	for _, host := range []string{"8.8.8.8", "8。8。8。8", "134744072", "0x8", "stargate", "[::1]", "[fe80::1%25a]", "db.local.", "x。internal",
		"１０.0.0.1:8181", "a.b.c"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		_, secure := spec.ParseEndpoint("https://" + host)
		if secure != nil { // for another reason
			return
		}
		endpoint, plain := spec.ParseEndpoint("http://" + host)
		if e, err := spec.ParseEndpoint("https://" + host); err == nil && e.IsAstra() {
			require.Error(t, plain) // which only the configuration knows
			require.Zero(t, endpoint)
			return
		}
		_, err := astra.NewClient(astra.Options{Endpoint: "http://" + host})
		require.Equal(t, plain != nil, errors.Is(err, astra.ErrNotPrivate), "%v: %v", plain, err)
		_, err = astra.NewClient(astra.Options{Endpoint: "https://" + host})
		require.NoError(t, err)
	})
}
