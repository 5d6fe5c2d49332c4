package spec_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"destination-astra/spec"
)

func TestEndpointURLs(t *testing.T) {
	const astra = "https://db-us-east1.apps.astra.datastax.com"
	tests := map[string]struct {
		in   string
		want []string
	}{
		"astra":                  {astra, []string{astra + "/api/json/v1"}},
		"astra slash":            {astra + "/", []string{astra + "/api/json/v1"}},
		"astra with a keyspace":  {astra + "/api/json/v1/ks", []string{astra + "/api/json/v1"}},
		"astra with another API": {astra + "/api/rest", []string{astra + "/api/json/v1"}},
		"astra dev": {"https://db.apps.astra-dev.datastax.com/v1",
			[]string{"https://db.apps.astra-dev.datastax.com/api/json/v1"}},
		"astra test": {"https://db.apps.astra-test.datastax.com",
			[]string{"https://db.apps.astra-test.datastax.com/api/json/v1"}},
		"astra in capitals": {"https://DB.apps.Astra.datastax.com",
			[]string{"https://DB.apps.Astra.datastax.com/api/json/v1"}},
		"not astra": {"https://db.apps.astra.datastax.com.example.org/x",
			[]string{"https://db.apps.astra.datastax.com.example.org/x"}},
		"self-hosted": {"https://data.example.org:8181",
			[]string{"https://data.example.org:8181/v1", "https://data.example.org:8181/api/json/v1"}},
		"self-hosted slash": {"http://localhost:8181/",
			[]string{"http://localhost:8181/v1", "http://localhost:8181/api/json/v1"}},
		"self-hosted path":     {"http://stargate/a/b/", []string{"http://stargate/a/b"}},
		"an escaped path":      {"https://x.org/a%2Fb", []string{"https://x.org/a%2Fb"}},
		"loopback":             {"http://127.0.0.1:1/v1", []string{"http://127.0.0.1:1/v1"}},
		"IPv6 loopback":        {"http://[::1]:1/v1", []string{"http://[::1]:1/v1"}},
		"private":              {"http://10.1.2.3/v1", []string{"http://10.1.2.3/v1"}},
		"private IPv6":         {"http://[fd00::1]/v1", []string{"http://[fd00::1]/v1"}},
		"local name":           {"http://db.local/v1", []string{"http://db.local/v1"}},
		"internal name":        {"http://db.corp.internal/v1", []string{"http://db.corp.internal/v1"}},
		"http elsewhere":       {"http://db.example.org/v1", []string{"http://db.example.org/v1"}},
		"docker's host":        {"http://host.docker.internal:8181/v1", []string{"http://host.docker.internal:8181/v1"}},
		"kubernetes":           {"http://data-api.astra.svc/v1", []string{"http://data-api.astra.svc/v1"}},
		"loopback as a number": {"http://2130706433/v1", []string{"http://2130706433/v1"}},
		"shared space":         {"http://100.64.0.1/v1", []string{"http://100.64.0.1/v1"}},
		"public address":       {"https://8.8.8.8/v1", []string{"https://8.8.8.8/v1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := spec.ParseEndpoint(test.in)
			require.NoError(t, err)
			assert.Equal(t, test.want, e.BaseURLs())
			assert.Equal(t, strings.HasPrefix(name, "astra"), e.IsAstra())
			assert.Equal(t, test.in, e.String())
			_, local := e.IsLocal()
			assert.False(t, local)
		})
	}
}

func TestEndpointLocal(t *testing.T) {
	for in, want := range map[string]string{
		"local:data": "data", "local:./data/": "data", "local:/var/lib/x": "/var/lib/x",
		" local: my data ": "my data", "local:..": "..", "local:.": ".",
	} {
		e, err := spec.ParseEndpoint(in)
		require.NoError(t, err, in)
		dir, ok := e.IsLocal()
		assert.True(t, ok, in)
		assert.Equal(t, want, dir, in)
		assert.Equal(t, "local:"+want, e.String())
		assert.Empty(t, e.BaseURLs())
		assert.False(t, e.IsAstra())
	}
}

func TestEndpointRefuses(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing":          {"", "must begin with https://"},
		"no scheme":        {"db.apps.astra.datastax.com", "has no scheme"},
		"host and port":    {"localhost:8181", "has no scheme"},
		"name and port":    {"dataapi:8181/v1", "has no scheme"},
		"capital letters":  {"LOCAL:data", "small letters"},
		"capital scheme":   {"HTTPS://db.apps.astra.datastax.com", "small letters"},
		"file URL":         {"file:///data", "write local: and the folder"},
		"database id":      {"01234567-89ab-cdef-0123-456789abcdef", "https://ID-REGION.apps.astra.datastax.com"},
		"a word":           {"astra", "or local: and a folder"},
		"another scheme":   {"ftp://x", "must begin with https://"},
		"no folder":        {"local: ", "names no folder"},
		"a local URL":      {"local://data", "has slashes after local:"},
		"a control char":   {"local:a\nb", "control character"},
		"no host":          {"https://", "names no host"},
		"only a port":      {"https://:443", "names no host"},
		"a bad port":       {"https://x:y", "is not a valid URL"},
		"a large port":     {"https://x:65536", "from 1 to 65535"},
		"port 0":           {"https://x:0/v1", "from 1 to 65535"},
		"a blank":          {"https://a b", "is not a valid URL"},
		"a user":           {"https://me@x.org", "user name or password"},
		"a query":          {"https://x.org/v1?a=b", "has a ? or # part"},
		"an empty query":   {"https://x.org/v1?", "has a ? or # part"},
		"a fragment":       {"https://x.org/#", "has a ? or # part"},
		"the portal":       {"https://astra.datastax.com/org/1/database/2", "address of the Astra portal"},
		"http to Astra":    {"http://db.apps.astra.datastax.com", "use https"},
		"http to a public": {"http://8.8.8.8", "use https"},
		"http link-local":  {"http://169.254.169.254/", "use https"},
		"http mapped IPv4": {"http://[::ffff:8.8.8.8]/", "use https"},
		"http other dots":  {"http://8。8。8。8", "use https"},
		"http wide dots":   {"http://8．8．8．8", "use https"},
		"http half dots":   {"http://8｡8｡8｡8", "use https"},
		"http wide digits": {"http://８.８.８.８:8181", "use https"},
		"http a number":    {"http://134744072", "use https"},
		"http hexadecimal": {"http://0x08080808/v1", "use https"},
		"http octal":       {"http://010.8.8.8/v1", "use https"},
		"http few digits":  {"http://8888", "use https"},
		"http a last dot":  {"http://8.8.8.8.", "use https"},
		"http a zone":      {"http://[fe80::1%25eth0]/", "use https"},
		"http Astra, wide": {"http://db.apps。astra．datastax.com", "use https"},
		"http Astra, dot":  {"http://db.apps.astra.datastax.com.", "use https"},
		"the portal, dot":  {"https://astra.datastax.com./org", "address of the Astra portal"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := spec.ParseEndpoint(test.in)
			require.ErrorContains(t, err, test.want)
			assert.Zero(t, e)
		})
	}
}

func TestEndpointZeroValue(t *testing.T) {
	var e spec.Endpoint
	assert.Empty(t, e.BaseURLs())
	assert.Empty(t, e.String())
}

// The embedded server asks for no token, but the schema does.
func TestLocalEndpointTakesAnyToken(t *testing.T) {
	for _, token := range []string{"", "anything"} {
		c := accept(t, edited(t, edits{
			"indexing.astra_db_endpoint": "local:data", "indexing.astra_db_app_token": token}))
		assert.Equal(t, token, c.Indexing.Token.Reveal())
		assert.Equal(t, token != "", c.Indexing.Token.IsSet())
	}
	reasons := problems(t, edited(t, edits{
		"indexing.astra_db_endpoint": "local:data", "indexing.astra_db_app_token": absent}))
	assert.Contains(t, reasons["indexing.astra_db_app_token"], "is missing")
}

func TestSelfHostedTokenNeedsNoPrefix(t *testing.T) {
	accept(t, edited(t, edits{"indexing.astra_db_endpoint": "http://localhost:8181",
		"indexing.astra_db_app_token": "Cassandra:Y2Fzc2FuZHJh:Y2Fzc2FuZHJh"}))
}

// A name that may be anywhere is not refused before it is dialled, but warned of.
func TestEndpointInClear(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"http://localhost:8181": false, "http://stargate:8181": false, "http://db.local": false, "https://db.example.org": false,
		"http://10.1.2.3": false, "http://db.example.org": true, "http://data-api.astra.svc": true, "http://public。example。org": true,
	} {
		_, warnings, err := spec.Parse(edited(t, edits{"indexing.astra_db_endpoint": endpoint}))
		require.NoError(t, err, endpoint)
		require.Equal(t, want, len(warnings) == 1, "%s: %v", endpoint, warnings)
		if want {
			assert.Equal(t, "indexing.astra_db_endpoint", warnings[0].Path)
			assert.Contains(t, warnings[0].Reason, "is refused where its host has a public address; use https")
		}
	}
}
