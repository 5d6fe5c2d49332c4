package localastra_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// TestHiddenFields shows the fields that only come when they are named, through every
// command that has a projection.
func TestHiddenFields(t *testing.T) {
	const rest = `"_id":"a","n":1`
	tests := map[string]struct{ projection, want string }{
		"by default":        {`{}`, `{` + rest + `}`},
		"lexical":           {`{"$lexical":1}`, `{` + rest + `,"$lexical":"words"}`},
		"vectorize":         {`{"$vectorize":true}`, `{` + rest + `,"$vectorize":"cat"}`},
		"two":               {`{"$lexical":1,"$vectorize":1}`, `{` + rest + `,"$vectorize":"cat","$lexical":"words"}`},
		"beside a field":    {`{"n":1,"$lexical":1}`, `{` + rest + `,"$lexical":"words"}`},
		"excluded":          {`{"$lexical":0}`, `{` + rest + `}`},
		"excluded beside":   {`{"n":1,"$vectorize":0,"$lexical":false,"$vector":0}`, `{` + rest + `}`},
		"beside an exclude": {`{"n":0,"$lexical":1}`, `{"_id":"a","$lexical":"words"}`},
		"star": {`{"*":1}`,
			`{` + rest + `,"$vectorize":"cat","$vector":{"$binary":"P4zMzT3MzM0="},"$lexical":"words"}`},
	}
	commands := map[string]string{
		"find":              `{"find":{"projection":P}}`,
		"findOne":           `{"findOne":{"projection":P}}`,
		"findOneAndUpdate":  `{"findOneAndUpdate":{"filter":{"_id":"a"},"update":{"$set":{"n":1}},"projection":P}}`,
		"findOneAndReplace": `{"findOneAndReplace":{"filter":{"_id":"a"},"replacement":{"n":2},"projection":P}}`,
		"findOneAndDelete":  `{"findOneAndDelete":{"filter":{"_id":"a"},"projection":P}}`,
		"findAndRerank":     `{"findAndRerank":{"sort":{"$hybrid":"cat"},"projection":P}}`,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for command, body := range commands {
				c := open(t, localastra.Options{Memory: true, Embed: embedWords, EmbedModel: "m"})
				c.must("", createVectorizing)
				c.insert(`{"_id":"a","n":1,"$hybrid":{"$vectorize":"cat","$lexical":"words"}}`)
				got := c.must("c", strings.Replace(body, "P", test.projection, 1))
				list, _ := got.Data["documents"].([]any)
				if one, is := got.Data["document"]; is {
					list = []any{one}
				}
				require.Len(t, list, 1, "%s: %s", command, got.text)
				require.JSONEq(t, test.want, compact(t, list[0]), command)
			}
		})
	}
}

func TestProviderCatalogue(t *testing.T) {
	create := func(service, more, want string) step {
		return step{keyspace, `{"createCollection":{"name":"c","options":{"vector":{"service":` + service + more + `}}}}`, want}
	}
	refusal := refused("INVALID_CREATE_COLLECTION_OPTIONS")
	playSteps(t, localastra.Options{Memory: true, Embed: embedWords}, []step{
		create(`{"provider":"nobody","modelName":"m"}`, `,"dimension":2`, refusal),
		create(`{"provider":"openai","modelName":"m"}`, `,"dimension":2`, refusal),
		create(`{"provider":"openai","modelName":"text-embedding-ada-002"}`, `,"dimension":2`, refusal),
		create(`{"provider":"openai","modelName":"text-embedding-3-large"}`, `,"dimension":2`, refusal),
		create(`{"provider":"azureOpenAI","modelName":"text-embedding-3-small"}`, `,"dimension":2`, refusal),
		create(`{"provider":"upstageAI","modelName":"solar-1-mini-embedding"}`, `,"dimension":4096`, refusal),
		create(`{"provider":"openai","modelName":"text-embedding-3-small"}`, ``, okAnswer),
		{keyspace, `{"createCollection":{"name":"r","options":{"rerank":{"enabled":true,"service":{"provider":"x"}}}}}`, refusal},
		{keyspace, `{"createCollection":{"name":"r","options":{"rerank":{"enabled":true,"service":{"provider":"nvidia",
			"modelName":"x"}}}}}`, refusal},
		{keyspace, `{"createCollection":{"name":"r","options":{"rerank":{}}}}`, refusal},
		{keyspace, `{"createCollection":{"name":"r","options":{"rerank":{"enabled":false,"service":{"provider":"nvidia"}}}}}`,
			refusal},
		{"", `{"findEmbeddingProviders":{"options":{"filterModelStatus":"OLD"}}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
		{keyspace, `{"listTypes":{}}`, `{"status":{"types":[]}}`},
	})
	models := func(c caller, command, options string) (names []string) {
		answer := c.general(`{"` + command + `":{"options":` + options + `}}`)
		for _, list := range answer.Status {
			for _, provider := range list.(map[string]any) {
				for _, m := range provider.(map[string]any)["models"].([]any) {
					names = append(names, m.(map[string]any)["name"].(string))
				}
			}
		}
		return names
	}
	c := open(t, localastra.Options{Memory: true, Embed: embedWords})
	for _, command := range []string{"findEmbeddingProviders", "findRerankingProviders"} {
		supported := models(c, command, `{}`)
		require.NotEmpty(t, supported)
		require.ElementsMatch(t, supported, models(c, command, `{"filterModelStatus":"SUPPORTED"}`))
		others := append(models(c, command, `{"filterModelStatus":"DEPRECATED"}`),
			models(c, command, `{"filterModelStatus":"END_OF_LIFE"}`)...)
		require.ElementsMatch(t, append(others, supported...), models(c, command, `{"filterModelStatus":""}`))
	}
	without := open(t, localastra.Options{Memory: true})
	require.Empty(t, models(without, "findEmbeddingProviders", `{}`), "nobody makes vectors here")
}

// TestRerankDefault turns reranking on in a new collection of Astra DB, and of no other.
func TestRerankDefault(t *testing.T) {
	for backend, want := range map[string]string{
		localastra.BackendAstra: `{"enabled":true,"service":{"provider":"nvidia",
			"modelName":"nvidia/llama-3.2-nv-rerankqa-1b-v2"}}`,
		localastra.BackendCassandra: `{"enabled":false}`,
	} {
		playSteps(t, localastra.Options{Memory: true, Backend: backend}, []step{
			{keyspace, `{"createCollection":{"name":"c"}}`, okAnswer},
			{keyspace, `{"createCollection":{"name":"c","options":{"rerank":` + want + `}}}`, okAnswer},
			{keyspace, `{"findCollections":{"options":{"explain":true}}}`, `{"status":{"collections":[{"name":"c","options":{
				"lexical":{"enabled":true,"analyzer":"standard"},"rerank":` + want + `}}]}}`},
		})
	}
}

// TestRerankOverride names the reranker with the command.
func TestRerankOverride(t *testing.T) {
	c := open(t, localastra.Options{Memory: true, Embed: embedWords, EmbedModel: "m"})
	c.must("", strings.Replace(createVectorizing, `{"enabled":true}`, `{"enabled":false}`, 1))
	c.insert(`{"_id":"a","$hybrid":"cat"}`)
	with := func(options string) answer {
		return c.send("c", `{"findAndRerank":{"sort":{"$hybrid":"cat"},"options":{`+options+`}}}`)
	}
	require.Equal(t, []string{"UNSUPPORTED_RERANKING_COMMAND"}, with(``).codes())
	require.Equal(t, []string{"INVALID_RERANK_OVERRIDE"}, with(`"rerank":{"provider":"x","modelName":"y"}`).codes())
	require.Equal(t, []any{"a"}, with(`"rerank":{"provider":"nvidia",
		"modelName":"nvidia/llama-3.2-nv-rerankqa-1b-v2"}`).ids())
}

// TestNoToken is refused by a server that takes any token, too.
func TestNoToken(t *testing.T) {
	for _, token := range []string{"", "secret"} {
		web := httptest.NewServer(open(t, localastra.Options{Memory: true, Token: token}).server)
		response, err := http.Post(web.URL+"/v1", "application/json", strings.NewReader(`{"findKeyspaces":{}}`))
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusUnauthorized, response.StatusCode)
		require.Contains(t, string(text), "MISSING_AUTHENTICATION_TOKEN")
		web.Close()
	}
}

// TestPageSize answers as servers before May 2026 did.
func TestPageSize(t *testing.T) {
	c := open(t, localastra.Options{Memory: true, PageSize: 20})
	c.must("", `{"createCollection":{"name":"c"}}`)
	for i := range 25 {
		c.insert(fmt.Sprintf(`{"n":%d}`, i))
	}
	require.Len(t, c.must("c", `{"find":{}}`).ids(), 20)
	require.Len(t, c.must("c", `{"find":{"sort":{"n":1}}}`).ids(), 20)
	require.Equal(t, true, c.must("c", `{"updateMany":{"update":{"$set":{"m":1}}}}`).Status["moreData"])
}

func TestAnalyzers(t *testing.T) {
	const chain = `{"tokenizer":{"name":"standard"},"filters":[{"name":"lowercase"},{"name":"stop"},
		{"name":"porterstem"},{"name":"asciifolding"}],"charFilters":[]}`
	tests := map[string]struct {
		analyzer, query string
		want            []any
	}{
		"standard":         {`"standard"`, "running", []any{}},
		"stemmed":          {chain, "running", []any{"a"}},
		"stemmed plural":   {chain, "Ponies", []any{"b"}},
		"stop word":        {chain, "the", []any{}},
		"stop word stays":  {`"standard"`, "the", []any{"a", "b"}},
		"english":          {`"english"`, "relations", []any{"a"}},
		"whitespace":       {`"whitespace"`, "pony.", []any{"b"}},
		"whitespace alone": {`"whitespace"`, "pony", []any{}},
		"keyword":          {`"keyword"`, "the pony.", []any{"b"}},
		"letters":          {`{"tokenizer":{"name":"letter"},"filters":["lowercase"]}`, "pony", []any{"b"}},
		"lower case":       {`{"tokenizer":{"name":"lowercase"}}`, "RELATIONAL", []any{"a"}},
		"unknown":          {`"klingon"`, "RELATIONAL", []any{"a"}},
		"empty":            {`{}`, "RELATIONAL", []any{"a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, localastra.Options{Memory: true})
			c.must("", `{"createCollection":{"name":"c","options":{"lexical":{"enabled":true,"analyzer":`+test.analyzer+`}}}}`)
			c.insert(`{"_id":"a","$lexical":"the man runs relational databases"}`, `{"_id":"b","$lexical":"the pony."}`)
			found := c.must("c", `{"find":{"sort":{"$lexical":"`+test.query+`"}}}`).ids()
			require.ElementsMatch(t, test.want, found)
			matched := c.must("c", `{"find":{"filter":{"$lexical":{"$match":"`+test.query+`"}}}}`).ids()
			if test.query != "the" {
				require.ElementsMatch(t, test.want, matched, "$match")
			}
		})
	}
	c := open(t, localastra.Options{Memory: true})
	for _, bad := range []string{`5`, `{"token":1}`} {
		got := c.send("", `{"createCollection":{"name":"c","options":{"lexical":{"enabled":true,"analyzer":`+bad+`}}}}`)
		require.Equal(t, []string{"INVALID_CREATE_COLLECTION_OPTIONS"}, got.codes())
	}
}

// TestPorterStem follows the examples of the paper, through searches.
func TestPorterStem(t *testing.T) {
	for _, pair := range strings.Fields(`caresses:caress ponies:poni ties:ti cats:cat feed:feed agreed:agre
		plastered:plaster motoring:motor sing:sing conflated:conflat troubled:troubl sized:size hopping:hop
		falling:fall hissing:hiss fizzed:fizz failing:fail filing:file happy:happi sky:sky relational:relat
		conditional:condit rational:ration valenci:valenc digitizer:digit operator:oper feudalism:feudal
		decisiveness:decis hopefulness:hope formaliti:formal sensibiliti:sensibl triplicate:triplic formative:form
		electrical:electr goodness:good revival:reviv allowance:allow inference:infer airliner:airlin adjustable:adjust
		irritant:irrit replacement:replac adjustment:adjust dependent:depend adoption:adopt communism:commun
		activate:activ effective:effect bowdlerize:bowdler probate:probat rate:rate cease:ceas controll:control
		roll:roll as:as naïve:naïve`) {
		word, stem, _ := strings.Cut(pair, ":")
		require.Equal(t, stem, localastra.PorterStem(word), word)
	}
}
