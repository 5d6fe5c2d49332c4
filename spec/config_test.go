package spec_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"destination-astra/spec"
)

func TestParseFillsInDefaults(t *testing.T) {
	c := accept(t, []byte(minimal))
	endpoint, err := spec.ParseEndpoint(astraEndpoint)
	require.NoError(t, err)
	assert.Equal(t, &spec.Config{
		Embedding: spec.Embedding{Mode: spec.ModeFake, Dimensions: 1536},
		Processing: spec.Processing{
			ChunkSize:      1000,
			TextFields:     []string{},
			MetadataFields: []string{},
			ExcludeFields:  []string{},
			TextSplitter: spec.TextSplitter{
				Mode: spec.ModeSeparator, Separators: []string{"\n\n", "\n", " ", ""}},
			FieldNameMappings: []spec.FieldNameMapping{},
			Tokenizer:         "gpt2",
			RejectedRecords:   spec.RejectedRecords{Mode: spec.ModeFail},
			FlushInterval:     time.Minute,
		},
		Indexing: spec.Indexing{
			Token: "AstraCS:token", Endpoint: endpoint, Keyspace: "default_keyspace",
			Collection: "articles", SimilarityMetric: "cosine", IndexingDeny: []string{}, ServerTimeout: 20 * time.Second,
		},
	}, c)
}

func TestParseReadsEverything(t *testing.T) {
	c := accept(t, edited(t, edits{
		"processing": object{
			"chunk_size": 500, "chunk_overlap": 500,
			"text_fields": []string{"title", "users.*.name"}, "metadata_fields": []string{" id"},
			"exclude_fields": []string{"password"},
			"text_splitter": object{"mode": "separator",
				"separators": []string{`". "`, ` "\n" `, `""`}, "keep_separator": true},
			"field_name_mappings": []object{{"from_field": " a", "to_field": "text"}},
			"tokenizer":           "o200k_base", "allow_empty_overwrite": true,
			"rejected_records":       object{"mode": "skip", "max_rejected_records": 7},
			"flush_interval_seconds": 5,
		},
		"omit_raw_text":                   true,
		"indexing.similarity_metric":      "dot_product",
		"indexing.server_timeout_seconds": 60,
		"indexing.indexing_deny":          []string{"description", "a&.b", "r&&d"},
	}))
	assert.Equal(t, spec.Processing{
		ChunkSize: 500, ChunkOverlap: 500,
		TextFields: []string{"title", "users.*.name"}, MetadataFields: []string{" id"},
		ExcludeFields: []string{"password"},
		TextSplitter: spec.TextSplitter{Mode: spec.ModeSeparator,
			Separators: []string{". ", "\n", ""}, KeepSeparator: true},
		FieldNameMappings:   []spec.FieldNameMapping{{FromField: " a", ToField: "text"}},
		Tokenizer:           "o200k_base",
		RejectedRecords:     spec.RejectedRecords{Mode: spec.ModeSkip, MaxRecords: 7},
		AllowEmptyOverwrite: true,
		FlushInterval:       5 * time.Second,
	}, c.Processing)
	assert.True(t, c.OmitRawText)
	assert.Equal(t, "dot_product", c.Indexing.SimilarityMetric)
	assert.Equal(t, []string{"description", "a&.b", "r&&d"}, c.Indexing.IndexingDeny)
}

func TestParseTextSplitters(t *testing.T) {
	const paragraph = "\n\n"
	tests := map[string]struct {
		in   map[string]any
		want spec.TextSplitter
	}{
		"no separators": {
			object{"mode": "separator", "separators": []string{}},
			spec.TextSplitter{Mode: "separator", Separators: []string{paragraph, "\n", " ", ""}}},
		"markdown default": {
			object{"mode": "markdown"}, spec.TextSplitter{Mode: "markdown", SplitLevel: 1}},
		"markdown": {
			object{"mode": "markdown", "split_level": 6},
			spec.TextSplitter{Mode: "markdown", SplitLevel: 6}},
		"code": {
			object{"mode": "code", "language": "sol"},
			spec.TextSplitter{Mode: "code", Language: "sol"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := accept(t, edited(t, edits{"processing.text_splitter": test.in}))
			assert.Equal(t, test.want, c.Processing.TextSplitter)
		})
	}
}

func TestParseCoerces(t *testing.T) {
	tests := map[string]struct{ from, to string }{
		"a whole float":        {`"chunk_size": 1000`, `"chunk_size": 1000.0`},
		"an exponent":          {`"chunk_size": 1000`, `"chunk_size": 1e3`},
		"a number as a string": {`"chunk_size": 1000`, `"chunk_size": " 1000 "`},
		"null is absent":       {`"chunk_size": 1000`, `"chunk_size": 1000, "text_splitter": null`},
		"a null default":       {`"chunk_size": 1000`, `"chunk_size": 1000, "chunk_overlap": null`},
		"false as a string":    {`"chunk_size": 1000`, `"chunk_size": 1000, "allow_empty_overwrite": "False"`},
		"blanks round a token": {`"AstraCS:token"`, `" AstraCS:token\n"`},
		"blanks round a URL":   {`"https://`, `" https://`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, minimal, test.from)
			text := strings.Replace(minimal, test.from, test.to, 1)
			assert.Equal(t, accept(t, []byte(minimal)), accept(t, []byte(text)))
		})
	}
	c := accept(t, edited(t, edits{"omit_raw_text": "true"}))
	assert.True(t, c.OmitRawText)
}

func TestParseReportsAllProblemsAtOnce(t *testing.T) {
	const whole = "use a whole number from 1 to 8191"
	assert.Equal(t, map[string]string{
		"embedding.mode": `is "open_ai", which is not known; choose one of openai, cohere, ` +
			"fake, azure_openai, openai_compatible, from_field, astra_vectorize",
		"processing.chunk_size":         `is 9000; ` + whole,
		"indexing.astra_db_app_token":   "is missing; generate an application token on your database's page in Astra",
		"indexing.astra_db_endpoint":    "has no scheme; begin it with https:// (or http:// for a host of your own network)",
		"indexing.astra_db_keyspace":    `is "my-ks"; use 1 to 48 letters (a to z, A to Z), digits and underscores`,
		"omit_raw_text":                 "must be true or false, not a number",
		"processing.text_fields":        "must be a list, not a string; put it in square brackets",
		"processing.metadata_fields[1]": "is empty; name a field or remove the entry",
	}, problems(t, edited(t, edits{
		"embedding.mode": "open_ai", "processing.chunk_size": 9000,
		"indexing.astra_db_app_token": absent, "indexing.astra_db_endpoint": "example.com",
		"indexing.astra_db_keyspace": "my-ks", "omit_raw_text": 1,
		"processing.text_fields": "title", "processing.metadata_fields": []string{"id", ""},
	})))
}

func TestParseRefuses(t *testing.T) {
	long := strings.Repeat("x", 49)
	tests := map[string]struct {
		edits edits
		path  string
		part  string
	}{
		"no embedding":  {edits{"embedding": absent}, "embedding", "is missing"},
		"no processing": {edits{"processing": nil}, "processing", "is missing"},
		"indexing is a list": {edits{"indexing": []int{}},
			"indexing", "must be an object, not a list"},
		"no mode": {edits{"embedding.mode": absent},
			"embedding.mode", "choose one of openai"},
		"mode is a number": {edits{"embedding.mode": 1},
			"embedding.mode", "must be a string, not a number"},
		"no chunk size": {edits{"processing.chunk_size": absent},
			"processing.chunk_size", "from 1 to 8191"},
		"chunk size 0": {edits{"processing.chunk_size": 0},
			"processing.chunk_size", `is 0`},
		"chunk size 1.5": {edits{"processing.chunk_size": 1.5},
			"processing.chunk_size", "is not a whole number but a fraction"},
		"chunk size a word": {edits{"processing.chunk_size": "big"},
			"processing.chunk_size", "but a string"},
		"chunk size true": {edits{"processing.chunk_size": true},
			"processing.chunk_size", "but true or false"},
		"huge chunk size": {edits{"processing.chunk_size": 1e300},
			"processing.chunk_size", "...; use"},
		"overlap over size": {edits{"processing.chunk_overlap": 1001},
			"processing.chunk_overlap", "from 0 to 1000"},
		"negative overlap": {edits{"processing.chunk_overlap": -1},
			"processing.chunk_overlap", "from 0 to 1000"},
		"a number for a path": {edits{"processing.text_fields": []int{1}},
			"processing.text_fields[0]", "must be a string"},
		"an empty exclusion": {edits{"processing.exclude_fields": []string{""}},
			"processing.exclude_fields[0]", "is empty"},
		"no splitter mode": {edits{"processing.text_splitter": object{"x": 1}},
			"processing.text_splitter.mode", "choose one of separator, markdown, code, stable"},
		"much overlap of stable": {edits{"processing.text_splitter": object{"mode": "stable"}, "processing.chunk_overlap": 501},
			"processing.chunk_overlap", "must be at most 500, half of chunk_size"},
		"split level 7": {edits{"processing.text_splitter": object{"mode": "markdown", "split_level": 7}},
			"processing.text_splitter.split_level", "from 1 to 6"},
		"no language": {edits{"processing.text_splitter": object{"mode": "code"}},
			"processing.text_splitter.language", "is missing; choose one of cpp, go"},
		"unknown language": {edits{"processing.text_splitter": object{"mode": "code", "language": "cobol"}},
			"processing.text_splitter.language", `is "cobol"`},
		"single quotes": {edits{"processing.text_splitter": object{
			"mode": "separator", "separators": []string{`"a"`, `'a'`}}},
			"processing.text_splitter.separators[1]", "Invalid separator: 'a'. Separator needs"},
		"a number as separator": {edits{"processing.text_splitter": object{"mode": "separator", "separators": []string{`1`}}},
			"processing.text_splitter.separators[0]", "Invalid separator: 1."},
		"separator no string": {edits{"processing.text_splitter": object{"mode": "separator", "separators": []any{nil}}},
			"processing.text_splitter.separators[0]", "must be a string, not null"},
		"keep a word": {edits{"processing.text_splitter": object{"mode": "separator", "keep_separator": "yes"}},
			"processing.text_splitter.keep_separator", "must be true or false"},
		"a mapping as a word": {edits{"processing.field_name_mappings": []string{"a"}},
			"processing.field_name_mappings[0]", "must be an object with from_field and to_field, not a string"},
		"a mapping to nothing": {edits{"processing.field_name_mappings": []any{object{"from_field": "a"}}},
			"processing.field_name_mappings[0].to_field", "is missing"},
		"a mapping to an empty name": {edits{"processing.field_name_mappings": []any{
			object{"from_field": "a", "to_field": ""}}},
			"processing.field_name_mappings[0].to_field", "is empty"},
		"a mapping to a number": {edits{"processing.field_name_mappings": []any{object{"from_field": "a", "to_field": 1}}},
			"processing.field_name_mappings[0].to_field", "must be a string"},
		"tokenizer": {edits{"processing.tokenizer": "bert"},
			"processing.tokenizer", "gpt2, cl100k_base, o200k_base"},
		"rejected records": {edits{"processing.rejected_records": "skip"},
			"processing.rejected_records", "must be an object"},
		"rejected mode": {edits{"processing.rejected_records": object{"mode": "drop"}},
			"processing.rejected_records.mode", "choose one of fail, skip"},
		"rejected ceiling": {edits{"processing.rejected_records": object{"mode": "skip", "max_rejected_records": 0}},
			"processing.rejected_records.max_rejected_records", "from 1 to"},
		"flush interval": {edits{"processing.flush_interval_seconds": 901},
			"processing.flush_interval_seconds", "from 1 to 900"},
		"empty token": {edits{"indexing.astra_db_app_token": " "},
			"indexing.astra_db_app_token", "is empty; generate"},
		"long keyspace": {edits{"indexing.astra_db_keyspace": long},
			"indexing.astra_db_keyspace", "use 1 to 48"},
		"collection": {edits{"indexing.collection": "a.b"}, "indexing.collection", "letters"},
		"no collection": {edits{"indexing.collection": ""},
			"indexing.collection", "is empty; give a name"},
		"server timeout": {edits{"indexing.server_timeout_seconds": 0},
			"indexing.server_timeout_seconds", "from 1 to 600"},
		"metric": {edits{"indexing.similarity_metric": "l2"},
			"indexing.similarity_metric", "cosine, dot_product, euclidean"},
		"deny all": {edits{"indexing.indexing_deny": []string{"*"}},
			"indexing.indexing_deny[0]", "looks up"},
		"deny ours": {edits{"indexing.indexing_deny": []string{"a", "_ab_stream"}},
			"indexing.indexing_deny[1]", "looks up"},
		"deny a record id": {edits{"indexing.indexing_deny": []string{"_ab_record_id"}},
			"indexing.indexing_deny[0]", "looks up"},
		"deny a generation": {edits{"indexing.indexing_deny": []string{"_ab_generation_id"}},
			"indexing.indexing_deny[0]", "looks up"},
		"deny a text hash": {edits{"indexing.indexing_deny": []string{"_ab_text_hash"}},
			"indexing.indexing_deny[0]", "looks up"},
		"deny an embedder": {edits{"indexing.indexing_deny": []string{"_ab_embedder"}},
			"indexing.indexing_deny[0]", "looks up"},
		"deny an attempt": {edits{"indexing.indexing_deny": []string{"_ab_attempt"}},
			"indexing.indexing_deny[0]", "looks up"},
		"deny a dollar": {edits{"indexing.indexing_deny": []string{"$x"}},
			"indexing.indexing_deny[0]", "dollar"},
		"deny a lone &": {edits{"indexing.indexing_deny": []string{"a&b"}},
			"indexing.indexing_deny[0]", "as &&"},
		"endpoint missing": {edits{"indexing.astra_db_endpoint": absent},
			"indexing.astra_db_endpoint", "copy the API endpoint"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reasons := problems(t, edited(t, test.edits))
			assert.Len(t, reasons, 1)
			assert.Contains(t, reasons[test.path], test.part)
		})
	}
}

func TestParseRefusesBrokenJSON(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing":       {"", "is not valid JSON: line 1, column 1: it ends too early"},
		"cut off":       {"{\n \"embedding\": {", "line 2, column 16: it ends too early"},
		"a stray comma": {"{\n  \"a\": 1,\n}", "line 3, column 1: invalid character '}'"},
		"a bare word":   {"{\"a\": yes}", "line 1, column 7: invalid character 'y'"},
		"two values":    {"{}\n{}", "line 2, column 1: there is more text after its end"},
		"a list":        {"[]", "must be a JSON object, not a list"},
		"null":          {"null", "must be a JSON object, not null"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, problems(t, []byte(test.in))[""], test.want)
		})
	}
}

func TestParseWarns(t *testing.T) {
	mapping := func(from, to string) map[string]any {
		return object{"from_field": from, "to_field": to}
	}
	ignored := "is not a setting that is used here and is ignored; check its spelling or remove it"
	tests := map[string]struct {
		edits edits
		want  []string
	}{
		"unknown properties": {
			edits{"omit_text": true, "embedding.openai_key": "k", "processing.chunk-size": 1,
				"processing.text_splitter":       object{"mode": "code", "language": "go", "split_level": "x"},
				"processing.field_name_mappings": []any{object{"from_field": "a", "to_field": "b", "as": 1}}},
			[]string{"embedding.openai_key: " + ignored, "processing.text_splitter.split_level: " + ignored,
				"processing.field_name_mappings[0].as: " + ignored, "processing.chunk-size: " + ignored,
				"omit_text: " + ignored}},
		"a mapping twice": {
			edits{"processing.field_name_mappings": []any{mapping("a", "b"), mapping("a", "c")}},
			[]string{`processing.field_name_mappings[1]: has no effect, as "a" is already renamed to ` +
				`"b"; remove one of the two`}},
		"a name twice": {
			edits{"processing.field_name_mappings": []any{mapping("a", "c"), mapping("b", "c")}},
			[]string{`processing.field_name_mappings[1]: renames "b" to "c", as it does "a"; ` +
				`where one record has both, only one value stays`}},
		"a mapping onto itself": {
			edits{"processing.field_name_mappings": []any{mapping("a", "a")}},
			[]string{`processing.field_name_mappings[0]: renames "a" to itself; remove it`}},
		"a strange token": {
			edits{"indexing.astra_db_app_token": "sk-123"},
			[]string{"indexing.astra_db_app_token: does not begin with AstraCS: as the tokens of Astra do; " +
				"if it is refused, generate an application token on your database's page in Astra"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, warnings, err := spec.Parse(edited(t, test.edits))
			require.NoError(t, err)
			var got []string
			for _, w := range warnings {
				got = append(got, w.String())
			}
			assert.Equal(t, test.want, got)
		})
	}
}

// Without its mode an object's properties cannot be told known from unknown.
func TestParseDoesNotWarnWhereTheModeIsWrong(t *testing.T) {
	_, warnings, err := spec.Parse(edited(t, edits{
		"embedding":                   object{"mode": "x", "openai_key": "k"},
		"processing.text_splitter":    object{"mode": "x", "language": "go"},
		"processing.rejected_records": object{"mode": "x", "max_rejected_records": 1},
	}))
	require.Error(t, err)
	assert.Empty(t, warnings)
}

func TestParseChainedMappingsAreFine(t *testing.T) {
	accept(t, edited(t, edits{"processing.field_name_mappings": []any{
		object{"from_field": "a", "to_field": "b"},
		object{"from_field": "b", "to_field": "c"},
	}}))
}

func TestErrors(t *testing.T) {
	_, _, err := spec.Parse(edited(t, edits{"embedding": absent, "indexing.collection": "?"}))
	assert.EqualError(t, err, "spec: embedding: is missing; say how to embed, with a mode; "+
		`indexing.collection: is "?"; use 1 to 48 letters (a to z, A to Z), digits and underscores`)
	field, ok := errors.AsType[*spec.FieldError](err)
	require.True(t, ok)
	assert.Equal(t, "embedding", field.Path)

	_, _, err = spec.Parse(nil)
	assert.EqualError(t, err,
		"spec: the configuration is not valid JSON: line 1, column 1: it ends too early")
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := spec.Parse([]byte(minimal)); err != nil {
			b.Fatal(err)
		}
	}
}
