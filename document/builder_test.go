package document_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/chunk"
	"destination-astra/document"
	"destination-astra/protocol"
)

func TestNewBuilder(t *testing.T) {
	for want, o := range map[string]document.Options{
		`field "a.**.b.**"`: {TextFields: []string{"a.**.b.**"}},
		`field "**.**"`:     {ExcludeFields: []string{"**.**"}},
		"needs a dimension": {VectorField: "v"},
	} {
		_, err := document.NewBuilder(o)
		require.ErrorContains(t, err, want)
	}
}

// Mistakes of the caller are no RejectErrors: skipping the record would not help.
func TestBuildMistakes(t *testing.T) {
	builder := newBuilder(t, document.Options{})
	_, err := builder.Build(keyed("s"), data(`{"a":1}`))
	require.EqualError(t, err, "document: stream s: identity by key without a primary key")
	for _, broken := range []string{``, `[]`, `{"a":1}x`, `{"a":}`, `{"a" 1}`, `{a:1}`, `{"a":01}`, `{"a":1.}`,
		`{"a":1e}`, `{"a":-}`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u123g"}`, "{\"a\":\"\n\"}", "{\"a\":\"\\t\n\"}",
		`{"a":"x`, `{"a":"x\`, `{"a":NaN}`, `{"a":nul}`, `{"a":[1 2]}`, `{"a":[1,]}`, `{"a":1,}`, `{"a":1`,
		strings.Repeat(`{"a":`, 10_001) + "1" + strings.Repeat("}", 10_001)} {
		require.False(t, json.Valid([]byte(broken)) && broken != "[]", broken)
		_, err := builder.Build(appending("s"), data(broken))
		require.ErrorContains(t, err, "document: stream s: record data: ")
		require.NotErrorAs(t, err, new(*document.RejectError))
	}
	require.NotEmpty(t, build(t, builder, appending("s"), `{"a":1}`).Documents, "a mistake leaves nothing behind")
}

func TestNoText(t *testing.T) {
	for name, test := range map[string]struct {
		options document.Options
		record  string
		want    string
	}{
		"not there": {
			document.Options{TextFields: []string{"t"}}, `{"a":1}`,
			"no text: none of processing.text_fields is in the record",
		},
		"excluded": {
			document.Options{TextFields: []string{"a.b"}, ExcludeFields: []string{"a"}}, `{"a":{"b":1}}`,
			"no text: none of processing.text_fields is in the record",
		},
		"empty record":  {document.Options{}, ` { } `, "no text: the record has no fields"},
		"only a vector": {document.Options{VectorField: "v", Dimension: 1}, `{"v":[1]}`, "no text: the record has no fields"},
		"only cuts": {document.Options{Splitter: splitter(t, chunk.Options{ChunkSize: 1, Separators: []string{"a: a\n"}})},
			`{"a":"a"}`, "no text: only separators"},
	} {
		t.Run(name, func(t *testing.T) {
			err := rejected(t, newBuilder(t, test.options), appending("s"), test.record)
			require.Contains(t, err.Reason, test.want)
			require.Equal(t, "document: stream s: "+err.Reason, err.Error())
		})
	}
}

func splitter(t testing.TB, o chunk.Options) *chunk.Splitter {
	s, err := chunk.NewSplitter(o)
	require.NoError(t, err)
	return s
}

func TestExcludeFields(t *testing.T) {
	const record = `{"id":1,"user":{"name":"Ann","ssn":"x"},` +
		`"pets":[{"name":"Rex","ssn":1},{"ssn":2}],"ssn":3,"tags":["a","b"]}`
	const all = "id: 1\nuser: \nname: Ann\nssn: x\n\npets: \nname: Rex\nssn: 1\n\n\nssn: 2\n\nssn: 3\ntags: a\nb"
	tests := map[string]struct{ exclude, text, metadata string }{
		"nothing": {"", all, record},
		"a field": {
			"ssn,tags,pets,missing", "id: 1\nuser: \nname: Ann\nssn: x",
			`{"id":1,"user":{"name":"Ann","ssn":"x"}}`,
		},
		"nested": {
			"user.ssn,pets.*.ssn,tags,ssn", "id: 1\nuser: \nname: Ann\n\npets: \nname: Rex",
			`{"id":1,"user":{"name":"Ann"},"pets":[{"name":"Rex"},{}]}`,
		},
		"everywhere": {
			"**.ssn,pets", "id: 1\nuser: \nname: Ann\n\ntags: a\nb",
			`{"id":1,"user":{"name":"Ann"},"tags":["a","b"]}`,
		},
		"elements": {"tags.0,pets.*,user,ssn", "id: 1\npets: \ntags: b", `{"id":1,"pets":[],"tags":["b"]}`},
		"the key":  {"id,user,pets,ssn", "tags: a\nb", `{"tags":["a","b"]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := document.Options{}
			if test.exclude != "" {
				o.ExcludeFields = strings.Split(test.exclude, ",")
			}
			built := build(t, newBuilder(t, o), keyed("s", "id"), record)
			require.Equal(t, test.text, strings.TrimSpace(built.Documents[0].Text))
			require.Equal(t, "s_1", built.RecordID, "the primary key is looked up before")
			got := stored(t, built)
			for _, own := range []string{"text", "_ab_stream", "_ab_record_id"} {
				delete(got, own)
			}
			text, err := json.Marshal(got)
			require.NoError(t, err)
			require.JSONEq(t, test.metadata, string(text))
		})
	}
}

func TestFieldNameMappings(t *testing.T) {
	tests := map[string]struct{ mappings, text string }{
		"to the end":        {"a=x", "b: 2\nc: 3\nx: 1"},
		"onto another":      {"a=b", "b: 1\nc: 3"},
		"one after another": {"a=x,x=y,b=a", "c: 3\ny: 1\na: 2"},
		"a swap":            {"a=t,b=a,t=b", "c: 3\na: 2\nb: 1"},
		"onto itself":       {"a=a", "b: 2\nc: 3\na: 1"},
		"missing":           {"z=a", "a: 1\nb: 2\nc: 3"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := document.Options{}
			for _, mapping := range strings.Split(test.mappings, ",") {
				from, to, _ := strings.Cut(mapping, "=")
				o.FieldNameMappings = append(o.FieldNameMappings, document.FieldNameMapping{FromField: from, ToField: to})
			}
			record := build(t, newBuilder(t, o), appending("s"), `{"a":1,"b":2,"c":3}`)
			require.Equal(t, test.text, record.Documents[0].Text)
			for _, line := range strings.Split(test.text, "\n") {
				name, value, _ := strings.Cut(line, ": ")
				require.Equal(t, json.Number(value), stored(t, record)[name])
			}
		})
	}
}

// Of members with one name the first position and the last value count, as in Python.
func TestDuplicateNames(t *testing.T) {
	builder := newBuilder(t, document.Options{})
	record := build(t, builder, appending("s"), `{"a":1,"b":{"c":1,"c":2},"a":[3]}`)
	require.Equal(t, "a: 3\nb: \nc: 2", record.Documents[0].Text)
	var many strings.Builder
	many.WriteString(`{"x":0`)
	for i := range 200 {
		fmt.Fprintf(&many, `,"k%d":%d`, i%50, i)
	}
	record = build(t, builder, appending("s"), many.String()+`,"x":"last"}`)
	require.True(t, strings.HasPrefix(record.Documents[0].Text, "x: last\nk0: 150\nk1: 151\n"))
	require.Len(t, strings.Split(record.Documents[0].Text, "\n"), 51)
}

func TestVectorField(t *testing.T) {
	o := document.Options{VectorField: "v", Dimension: 3, MetadataFields: []string{"v", "id"}, Embedder: "from_field/3"}
	builder := newBuilder(t, o)
	record := build(t, builder, appending("s"), `{"id":1,"v":[1,-0.5,1e-3],"t":"x"}`)
	d := record.Documents[0]
	require.Equal(t, []float32{1, -0.5, 1e-3}, d.Vector)
	require.Equal(t, "id: 1\nt: x", d.Text)
	fields := decode(t, d.AppendJSON(nil, nil))
	require.NotContains(t, fields, "v")
	binary := fields["$vector"].(map[string]any)["$binary"]
	require.Equal(t, "P4AAAL8AAAA6gxJv", binary)
	require.Contains(t, string(d.AppendJSON(nil, []float32{2})), `"$vector":{"$binary":"QAAAAA=="}`)

	for vector, want := range map[string]string{
		`null`: "no vector", `"x"`: "must be an array", `[1,2]`: "2 dimensions and embedding.dimensions is 3",
		`[1,"2",3]`: "element 1 is not a number", `[1,2,1e39]`: "element 2 is beyond float32",
		`[0,-0.0,1e-60]`: "the vector is zero",
	} {
		err := rejected(t, builder, appending("s"), `{"id":1,"v":`+vector+`}`)
		require.Equal(t, "v", err.Field)
		require.Contains(t, err.Reason, want)
	}
	rejected(t, builder, appending("s"), `{"id":1}`)

	for _, s := range []*document.Stream{appending("s"), replacing("s"), keyed("s", "id")} {
		one, other := build(t, builder, s, `{"id":1,"v":[1,2,3]}`), build(t, builder, s, `{"id":1,"v":[1,2,4]}`)
		require.NotEqual(t, one.Documents[0].ID(), other.Documents[0].ID())
		require.NotEqual(t, one.Documents[0].TextHash, other.Documents[0].TextHash)
		require.Equal(t, s.Identity == document.IdentityKey, one.KeyHash() == other.KeyHash())
	}
}

// AppendBinary in blocks gives what the standard library gives at once.
func TestAppendBinary(t *testing.T) {
	for _, dimension := range []int{0, 1, 2, 3, 191, 192, 193, 1536, 4096} {
		vector, raw := make([]float32, dimension), []byte(nil)
		for i := range vector {
			vector[i] = float32(math.Sin(float64(i)))
			raw = binary.BigEndian.AppendUint32(raw, math.Float32bits(vector[i]))
		}
		got := string(document.AppendBinary([]byte("x"), vector))
		require.Equal(t, `x{"$binary":"`+base64.StdEncoding.EncodeToString(raw)+`"}`, got)
	}
}

func TestRunFields(t *testing.T) {
	zero := int64(0)
	s := replacing("s")
	builder := newBuilder(t, document.Options{})
	plain := decode(t, build(t, builder, s, `{"a":1}`).Documents[0].AppendJSON(nil, nil))
	require.NotContains(t, plain, "_ab_generation_id")
	require.NotContains(t, plain, "_ab_attempt")
	require.NotContains(t, plain, "_ab_embedder")
	s.GenerationID, s.Attempt = &zero, "nonce"
	stamped := decode(t, build(t, builder, s, `{"a":1}`).Documents[0].AppendJSON(nil, nil))
	require.Equal(t, json.Number("0"), stamped["_ab_generation_id"])
	require.Equal(t, "nonce", stamped["_ab_attempt"])
	require.Equal(t, plain["_id"], stamped["_id"])
}

// One builder serves many goroutines; what it returned before stays as it was.
func TestConcurrentBuild(t *testing.T) {
	builder := newBuilder(t, document.Options{Splitter: splitter(t, chunk.Options{ChunkSize: 5}), Indexing: denied})
	var group errgroup.Group
	for worker := range 4 {
		group.Go(func() error {
			var first *document.Record
			var before string
			for i := range 50 {
				text := fmt.Sprintf(`{"id":%d,"$x":"%s","t":"one two three four five six seven \n"}`,
					i*4+worker, strings.Repeat("long ", 1700*(i%2)))
				record, err := builder.Build(keyed("s", "id"), data(text))
				if err != nil {
					return err
				}
				if first == nil {
					first, before = record, string(record.Documents[0].AppendJSON(nil, nil))
				}
			}
			if after := string(first.Documents[0].AppendJSON(nil, nil)); after != before {
				return fmt.Errorf("was %s\nis %s", before, after)
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}

func TestRejectErrorNamesTheRecord(t *testing.T) {
	err := document.RejectError{
		Stream:   protocol.StreamDescriptor{Namespace: "n", Name: "s"},
		RecordID: "n_s_1", Field: "a.b", Reason: "too long",
	}
	require.EqualError(t, &err, "document: stream n.s: record n_s_1: field a.b: too long")
}
