package localastra_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

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
}

// title names a pair in testdata/deviations.txt.
func (p *pair) title() string { return fmt.Sprintf("%03d %s", p.index, p.Name) }

// TestReplay sends all captured requests in order and compares the answers. A pair
// outside testdata/deviations.txt must agree; one inside must still deviate, so that
// the list can only shrink.
func TestReplay(t *testing.T) {
	known := readDeviations(t)
	player := &player{t: t, pages: map[string]string{}}
	var fixed, fresh []string
	for _, p := range readPairs(t) {
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
}

func readDeviations(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "deviations.txt"))
	require.NoError(t, err)
	known := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " # ")
		if name != "" && !strings.HasPrefix(name, "#") {
			known[name] = true
		}
	}
	return known
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
	t      *testing.T
	dir    string
	server *localastra.Server
	pages  map[string]string
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
		Backend: localastra.BackendCassandra, Token: goodToken, ReadOnlyToken: readOnlyToken,
		MaxCollections: 100, MaxIndexes: 1000,
	}
	switch index {
	case 0, 552:
		pl.dir = pl.t.TempDir()
	case 10:
		options.MaxCollections = 5
	case 15:
		options.MaxIndexes = 55
	case 16:
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

// play sends one request and returns how the answer differs, or "".
func (pl *player) play(p *pair) string {
	pl.reopenAt(p.index)
	if p.NotReplayable || p.Status == nil {
		return "" // bytes that JSON cannot hold, or no answer was seen
	}
	body := pl.requestBody(p)
	request, err := http.NewRequest(p.Method, "http://replay"+p.Path, bytes.NewReader(body))
	require.NoError(pl.t, err)
	for name, content := range p.Headers {
		if content == "<redacted>" {
			content = goodToken
			if bad, is := badTokens[p.Name]; is {
				content = bad
			}
			if strings.HasPrefix(p.Name, "read-only user") {
				content = readOnlyToken
			}
		}
		request.Header.Set(name, content)
	}
	response, err := pl.server.Transport().RoundTrip(request)
	require.NoError(pl.t, err)
	got, err := io.ReadAll(response.Body)
	require.NoError(pl.t, err)
	if response.StatusCode != *p.Status {
		return fmt.Sprintf("status %d, want %d", response.StatusCode, *p.Status)
	}
	return pl.compare(p, body, got)
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

type response struct {
	Data   map[string]any   `json:"data"`
	Status map[string]any   `json:"status"`
	Errors []map[string]any `json:"errors"`
}

func (pl *player) compare(p *pair, request, got []byte) string {
	expected := inflate(pl.t, p.Response)
	if len(expected) == 0 || expected[0] != '{' {
		if string(expected) == `""` && len(got) > 0 {
			return "an empty body is wanted, got " + string(got)
		}
		return ""
	}
	var want, have response
	if p.Path == "/stargate/health" {
		require.JSONEq(pl.t, string(expected), string(got))
		return ""
	}
	if json.Unmarshal(got, &have) != nil {
		return "not a JSON object: " + string(got)
	}
	require.NoError(pl.t, json.Unmarshal(expected, &want))
	if d := differ("errors", classes(want.Errors), classes(have.Errors)); d != "" {
		return d
	}
	q := newQuestion(request)
	if d := differ("status", pl.status(q, want.Status, have.Status), have.Status); d != "" {
		return d
	}
	return pl.data(q, want.Data, have.Data)
}

// question is what of a request decides how to compare.
type question struct {
	command string
	sorted  bool
	paged   bool
}

func newQuestion(body []byte) question {
	var request map[string]struct {
		Sort    map[string]any `json:"sort"`
		Options map[string]any `json:"options"`
	}
	_ = json.Unmarshal(body, &request) // a broken request has no question
	var q question
	for name, args := range request {
		q = question{command: name, sorted: len(args.Sort) > 0}
		q.paged = args.Options["limit"] != nil || args.Options["pageState"] != nil
	}
	return q
}

// classes keeps of errors what clients may rely on.
func classes(list []map[string]any) any {
	kept := []any{}
	for _, e := range list {
		kept = append(kept, map[string]any{"family": e["family"], "scope": e["scope"], "code": e["errorCode"],
			"title": e["title"], "ids": e["documentIds"]})
	}
	return kept
}

// status adjusts what was captured where it cannot be the same here.
func (pl *player) status(q question, want, have map[string]any) map[string]any {
	pl.learnPage(want["nextPageState"], have["nextPageState"], want)
	if q.command == "estimatedDocumentCount" && want != nil {
		want["count"] = have["count"] // the real one lags
	}
	for _, m := range []map[string]any{want, have} {
		for _, key := range []string{"keyspaces", "namespaces"} {
			if names, has := m[key].([]any); has {
				names = slices.DeleteFunc(names, func(n any) bool { return n == localastra.DefaultKeyspace })
				m[key] = sortedByText(names)
			}
		}
		if list, has := m["warnings"].([]any); has {
			codes := []any{}
			for _, w := range list {
				codes = append(codes, w.(map[string]any)["errorCode"])
			}
			m["warnings"] = codes
		}
		sortPaths(m)
	}
	return want
}

// sortPaths puts the indexing paths of explain, a set, in order.
func sortPaths(status map[string]any) {
	collections, _ := status["collections"].([]any)
	for _, c := range collections {
		options, _ := c.(map[string]any)
		inner, _ := options["options"].(map[string]any)
		indexing, _ := inner["indexing"].(map[string]any)
		for key, paths := range indexing {
			indexing[key] = sortedByText(paths.([]any))
		}
	}
}

// learnPage remembers our page state for the captured one.
func (pl *player) learnPage(want, have any, in map[string]any) {
	captured, ok := want.(string)
	ours, also := have.(string)
	if ok && also {
		pl.pages[captured] = ours
		in["nextPageState"] = ours
	}
}

// data compares documents: in order when they were sorted, as a set when all of them
// came, and only their number when the real server's order decided which ones came.
func (pl *player) data(q question, want, have map[string]any) string {
	pl.learnPage(want["nextPageState"], have["nextPageState"], want)
	w, isList := want["documents"].([]any)
	h, also := have["documents"].([]any)
	if !isList || !also || q.sorted {
		return differ("data", want, have)
	}
	if len(w) != len(h) {
		return fmt.Sprintf("%d documents, want %d", len(h), len(w))
	}
	if q.paged || want["nextPageState"] != nil {
		return differ("data.nextPageState", want["nextPageState"], have["nextPageState"])
	}
	want["documents"], have["documents"] = sortedByText(w), sortedByText(h)
	return differ("data", want, have)
}

func sortedByText(list []any) []any {
	text := func(v any) string { return anyGenerated.ReplaceAllString(fmt.Sprint(v), "~") }
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(text(a), text(b)) })
	return list
}

// anyGenerated matches the UUIDs within a text: they may not decide the order.
var anyGenerated = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// generated matches ids that a server makes up.
var generated = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24})$`)

// differ returns the first difference between two JSON values. Floats agree within
// what float32 arithmetic allows; generated ids and times always agree.
func differ(at string, want, have any) string {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok || len(w) != len(h) {
			return fmt.Sprintf("%s: %v, want %v", at, shorten(have), shorten(want))
		}
		for key := range w {
			if _, has := h[key]; !has {
				return fmt.Sprintf("%s.%s is missing", at, key)
			}
			if key == "$date" {
				continue
			}
			if d := differ(at+"."+key, w[key], h[key]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		h, ok := have.([]any)
		if !ok || len(w) != len(h) {
			return fmt.Sprintf("%s: %v, want %v", at, shorten(have), shorten(want))
		}
		for i := range w {
			if d := differ(fmt.Sprintf("%s[%d]", at, i), w[i], h[i]); d != "" {
				return d
			}
		}
		return ""
	case float64:
		if h, ok := have.(float64); ok && math.Abs(w-h) <= 1e-6*math.Max(1, math.Abs(w)) {
			return ""
		}
	case string:
		if h, ok := have.(string); ok && (w == h || generated.MatchString(w) && generated.MatchString(h)) {
			return ""
		}
	default:
		if want == have {
			return ""
		}
	}
	return fmt.Sprintf("%s: %v, want %v", at, shorten(have), shorten(want))
}

func shorten(v any) string {
	text := fmt.Sprint(v)
	return text[:min(len(text), 200)]
}
