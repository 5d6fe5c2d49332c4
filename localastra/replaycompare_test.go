package localastra_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

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

// compareRace accepts any of the answers that were captured for the race. Documents are
// not compared: the race decided them.
func (pl *player) compareRace(p *pair, got []byte) string {
	var have response
	require.NoError(pl.t, json.Unmarshal(got, &have))
	for _, other := range pl.races[p.Name] {
		var want response
		require.NoError(pl.t, json.Unmarshal(inflate(pl.t, other.Response), &want))
		pl.status(question{}, want.Status, have.Status)
		if differ("errors", classes(want.Errors), classes(have.Errors)) == "" &&
			differ("status", want.Status, have.Status) == "" {
			return ""
		}
	}
	return "none of the answers of the race: " + shorten(string(got))
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
		return differ("data", want, untie(want, have))
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

// tied is how many equal vectors the captured collection has at most.
const tied = 4

// untie moves a document of ours forward by a few places when it is the wanted one
// there: equal vectors come in any order.
func untie(want, have map[string]any) map[string]any {
	w, _ := want["documents"].([]any)
	h, _ := have["documents"].([]any)
	if len(w) != len(h) {
		return have
	}
	for i := range h {
		for j := i; j < min(i+tied, len(h)); j++ {
			if differ("", w[i], h[j]) == "" {
				moved := h[j]
				copy(h[i+1:j+1], h[i:j])
				h[i] = moved
				break
			}
		}
	}
	return have
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
