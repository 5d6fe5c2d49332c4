package localastra_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// pair is one request and answer of a real Data API v1.0.51 on Cassandra 5.0.
type pair struct {
	index         int
	Name          string            `json:"name"`
	Method        string            `json:"method"`
	Path          string            `json:"path"`
	Headers       map[string]string `json:"request_headers"`
	Body          json.RawMessage   `json:"request_body"`
	Status        *int              `json:"status"`
	Response      json.RawMessage   `json:"response_body"`
	NotReplayable bool              `json:"not_replayable"`
	Refused       bool              `json:"cassandra_backend_refused"`
}

// title names a pair in testdata/deviations.txt.
func (p *pair) title() string { return fmt.Sprintf("%03d %s", p.index, p.Name) }

// TestReplay sends all captured requests in order, to each backend, and compares the
// answers. A pair outside testdata/deviations.txt must agree; one inside must still
// deviate, so that the list can only shrink.
func TestReplay(t *testing.T) {
	pairs := readPairs(t)
	for _, backend := range []string{localastra.BackendCassandra, localastra.BackendAstra} {
		t.Run(backend, func(t *testing.T) {
			known := readDeviations(t, backend)
			player := &player{t: t, backend: backend, pages: map[string]string{}, races: races(pairs)}
			var fixed, fresh []string
			for _, p := range pairs {
				difference := player.play(&p)
				listed := known[p.title()]
				delete(known, p.title())
				switch {
				case difference != "" && !listed:
					fresh = append(fresh, p.title()+": "+difference)
				case difference == "" && listed:
					fixed = append(fixed, p.title())
				}
			}
			require.Empty(t, strings.Join(fresh, "\n"), "pairs that deviate from the real server")
			require.Empty(t, fixed, "pairs that agree now: take them off testdata/deviations.txt")
			require.Empty(t, known, "names in testdata/deviations.txt that no pair has")
		})
	}
}

// readDeviations reads the lines of testdata/deviations.txt that concern a backend.
func readDeviations(t *testing.T, backend string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "deviations.txt"))
	require.NoError(t, err)
	known := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		entry, reason, _ := strings.Cut(strings.TrimSpace(line), " # ")
		if entry == "" || strings.HasPrefix(entry, "#") {
			continue
		}
		require.NotEmpty(t, reason, line)
		where, title, _ := strings.Cut(entry, " ")
		if where == "both" || where == backend {
			known[title] = true
		}
	}
	return known
}

// races collects the answers that requests of one name got which were sent at the same
// time: each of ours has to be one of them.
func races(pairs []pair) map[string][]pair {
	byName := map[string][]pair{}
	for _, p := range pairs {
		if strings.HasPrefix(p.Name, "concurrent ") {
			byName[p.Name] = append(byName[p.Name], p)
		}
	}
	return byName
}

func readPairs(t testing.TB) []pair {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "captures.jsonl.gz"))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 64<<20)
	var pairs []pair
	for lines.Scan() {
		p := pair{index: len(pairs)}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &p))
		pairs = append(pairs, p)
	}
	require.NoError(t, lines.Err())
	require.Len(t, pairs, 605)
	return pairs
}

// player holds the server under test. pages maps page states of the captures to ours.
type player struct {
	t       *testing.T
	backend string
	dir     string
	server  *localastra.Server
	pages   map[string]string
	races   map[string][]pair
}

// goodToken is what the placeholder in the captures stands for where it was right.
const (
	goodToken     = "AstraCS:replay"
	readOnlyToken = "AstraCS:reader"
)

// badTokens are the tokens of the pairs whose name says what was wrong with them.
var badTokens = map[string]string{
	"bad token: garbage":        "garbage",
	"bad token: AstraCS-like":   "AstraCS:x:y",
	"bad token: wrong password": "Cassandra:Y2Fzc2FuZHJh:d3Jvbmc=",
	"bad token: unknown user":   "Cassandra:bm9ib2R5:d3Jvbmc=",
	"bad token: not base64":     "Cassandra:***:***",
	"bad token: two parts":      "Cassandra:abc",
	"empty token":               "",
}

// reopenAt lists where the captured server was started again with other limits, or
// with an empty database.
func (pl *player) reopenAt(index int) {
	options := localastra.Options{
		Backend: pl.backend, Token: goodToken, ReadOnlyToken: readOnlyToken,
		MaxCollections: 100, MaxIndexes: 1000,
	}
	switch index {
	case 0, 552:
		pl.dir = pl.t.TempDir()
	case 10:
		options.MaxCollections = 5
	case 15:
		options.MaxIndexes = 55
	case 16, 572:
	case 568: // the database was stopped
		options.Faults = []localastra.Fault{{Kind: localastra.FaultHang, Share: 1}}
	default:
		return
	}
	if pl.server != nil {
		require.NoError(pl.t, pl.server.Close())
	}
	options.Dir = pl.dir
	server, err := localastra.Open(options)
	require.NoError(pl.t, err)
	pl.server = server
	pl.t.Cleanup(func() { require.NoError(pl.t, server.Close()) })
}

// loadAt makes up for documents that were loaded without being captured.
func (pl *player) loadAt(index int) {
	if index != 551 {
		return
	}
	for batch := range 11 {
		documents := make([]string, 100)
		for i := range documents {
			documents[i] = fmt.Sprintf(`{"_id":"load-%d-%d"}`, batch, i)
		}
		body := `{"insertMany":{"documents":[` + strings.Join(documents, ",") + `]}}`
		request, err := http.NewRequest(http.MethodPost, "http://replay/v1/lab/load", strings.NewReader(body))
		require.NoError(pl.t, err)
		request.Header.Set("Token", goodToken)
		response, err := pl.server.Transport().RoundTrip(request)
		require.NoError(pl.t, err)
		require.Equal(pl.t, http.StatusOK, response.StatusCode)
	}
}

// play sends one request and returns how the answer differs, or "".
func (pl *player) play(p *pair) string {
	pl.reopenAt(p.index)
	if p.NotReplayable || p.Status == nil {
		return "" // bytes that JSON cannot hold, or no answer was seen
	}
	pl.loadAt(p.index)
	body := pl.requestBody(p)
	path := p.Path
	if pl.backend == localastra.BackendAstra {
		path = strings.Replace(path, "/v1", "/api/json/v1", 1)
	}
	request, err := http.NewRequest(p.Method, "http://replay"+path, bytes.NewReader(body))
	require.NoError(pl.t, err)
	for name, content := range p.Headers {
		request.Header.Set(name, header(p, content))
	}
	status, got := pl.roundTrip(request)
	if status != *p.Status {
		return fmt.Sprintf("status %d, want %d", status, *p.Status)
	}
	if pl.backend == localastra.BackendAstra && p.Refused {
		return refusedAs(got)
	}
	if p.Path == "/v1" && strings.Contains(p.Name, "path") || len(pl.races[p.Name]) == 0 {
		return pl.compare(p, body, got)
	}
	return pl.compareRace(p, got)
}

// header fills in what was taken out of the captures.
func header(p *pair, content string) string {
	if content != "<redacted>" {
		return content
	}
	if bad, is := badTokens[p.Name]; is {
		return bad
	}
	if strings.HasPrefix(p.Name, "read-only user") {
		return readOnlyToken
	}
	return goodToken
}

// roundTrip sends a request on a clock of its own: some answers take 20 s.
func (pl *player) roundTrip(request *http.Request) (status int, body []byte) {
	synctest.Test(pl.t, func(t *testing.T) {
		response, err := pl.server.Transport().RoundTrip(request)
		require.NoError(t, err)
		status = response.StatusCode
		body, err = io.ReadAll(response.Body)
		require.NoError(t, err)
	})
	return status, body
}

// refusedAs wants Astra to answer what the captured backend could not.
func refusedAs(got []byte) string {
	for _, code := range []string{"INVALID_DATABASE_QUERY", "UNSUPPORTED_DATABASE_QUERY"} {
		if bytes.Contains(got, []byte(code)) {
			return "refused with " + code
		}
	}
	return ""
}

func (pl *player) requestBody(p *pair) []byte {
	body := inflate(pl.t, p.Body)
	var text string
	if json.Unmarshal(body, &text) == nil && len(body) > 0 && body[0] == '"' {
		return []byte(text)
	}
	if string(body) == "null" && p.Method == http.MethodGet {
		return nil
	}
	for captured, ours := range pl.pages {
		body = bytes.ReplaceAll(body, []byte(`"`+captured+`"`), []byte(`"`+ours+`"`))
	}
	return body
}

// inflate undoes {"_gzip_base64": ...}.
func inflate(t testing.TB, body []byte) []byte {
	t.Helper()
	var packed struct {
		Text string `json:"_gzip_base64"`
	}
	if json.Unmarshal(body, &packed) != nil || packed.Text == "" {
		return body
	}
	raw, err := base64.StdEncoding.DecodeString(packed.Text)
	require.NoError(t, err)
	z, err := gzip.NewReader(bytes.NewReader(raw))
	require.NoError(t, err)
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	return text
}
