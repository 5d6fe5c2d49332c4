package astra_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

type fields map[string]any

func page(state string, docs ...string) step {
	next := "null"
	if state != "" {
		next = fmt.Sprintf("%q", state)
	}
	return reply(`{"data":{"documents":[` + strings.Join(docs, ",") + `],"nextPageState":` + next + `}}`)
}

func TestFindRequest(t *testing.T) {
	server := script(page("next", `{"_id":"a"}`))
	got, err := articles(t, server).Find(t.Context(), astra.FindQuery{
		Filter: fields{"a&.b": 1}, Sort: fields{"$vector": []float32{1, 2}},
		Projection: fields{"_ab_text_hash": 1}, Limit: 7, IncludeSimilarity: true, PageState: "p",
	})
	require.NoError(t, err)
	require.Equal(t, astra.Page{
		Documents: []json.RawMessage{json.RawMessage(`{"_id":"a"}`)}, NextPageState: "next",
	}, got)
	require.JSONEq(t, `{"find":{"filter":{"a&.b":1},"sort":{"$vector":[1,2]},
		"projection":{"_ab_text_hash":1},
		"options":{"limit":7,"includeSimilarity":true,"pageState":"p"}}}`, server.bodies[0])
}

func TestFindNeedsAProjection(t *testing.T) {
	server := script(page(""))
	for _, projection := range []any{nil, fields{}, json.RawMessage("null")} {
		_, err := articles(t, server).Find(t.Context(), astra.FindQuery{Projection: projection})
		require.ErrorIs(t, err, astra.ErrNoProjection)
	}
	require.Empty(t, server.bodies)
}

func TestFindReturnsWhatCameBesideAnError(t *testing.T) {
	busy := problem("REQUEST", "", "COMMAND_FIELD_UNKNOWN")
	got, err := find(t.Context(), articles(t, script(reply(`{"data":{"documents":[{}]},"errors":[`+busy+`]}`))))
	require.Error(t, err)
	require.Len(t, got.Documents, 1)
}

func TestFindAllReadsPagesOfAnySize(t *testing.T) {
	server := script(page("p1", "1", "2"), page("p2"), page("p3", "3"), page("", "4"))
	var got []string
	query := astra.FindQuery{Projection: fields{"n": 1}}
	collect := func(d json.RawMessage) error {
		got = append(got, string(d))
		return nil
	}
	require.NoError(t, articles(t, server).FindAll(t.Context(), query, collect))
	require.Equal(t, []string{"1", "2", "3", "4"}, got)
	require.NotContains(t, server.bodies[0], "pageState")
	require.Contains(t, server.bodies[2], `"pageState":"p2"`)

	got, query.Limit = nil, 3
	server = script(page("p1", "1", "2"), page("p2", "3", "4"))
	require.NoError(t, articles(t, server).FindAll(t.Context(), query, collect))
	require.Equal(t, []string{"1", "2", "3"}, got)
	require.Contains(t, server.bodies[1], `"limit":3`)
}

func TestFindAllStops(t *testing.T) {
	query := astra.FindQuery{Projection: fields{"n": 1}}
	nothing := func(json.RawMessage) error { return nil }

	stop := errors.New("stop")
	err := articles(t, script(page("p", "1"))).FindAll(t.Context(), query,
		func(json.RawMessage) error { return stop })
	require.Equal(t, stop, err)

	err = articles(t, script(page("p", "1"))).FindAll(t.Context(), query, nothing)
	require.ErrorIs(t, err, astra.ErrSamePage)

	query.Sort = fields{"n": 1}
	err = articles(t, script(page(""))).FindAll(t.Context(), query, nothing)
	require.ErrorIs(t, err, astra.ErrSortCutsOff)

	query.Sort = fields{"$vector": []int{1}}
	require.NoError(t, articles(t, script(page("", "1"))).FindAll(t.Context(), query, nothing))
}

func deleted(n int, more bool) step {
	return reply(fmt.Sprintf(`{"status":{"deletedCount":%d,"moreData":%t}}`, n, more))
}

func TestDeleteManyGoesOnUntilMoreDataIsAbsent(t *testing.T) {
	server := script(deleted(20, true), deleted(0, true), reply(`{"status":{"deletedCount":3}}`))
	n, err := articles(t, server).DeleteMany(t.Context(), fields{"_id": fields{"$in": []string{"a"}}})
	require.NoError(t, err)
	require.Equal(t, 23, n)
	require.Len(t, server.bodies, 3)
	require.JSONEq(t, `{"deleteMany":{"filter":{"_id":{"$in":["a"]}}}}`, server.bodies[2])

	n, err = articles(t, script(deleted(20, true), answer(400, ""))).DeleteMany(t.Context(), fields{"a": 1})
	require.Error(t, err)
	require.Equal(t, 20, n)
}

func TestCommandsThatWouldTouchEverythingAreRefused(t *testing.T) {
	server := script(deleted(-1, false))
	for _, filter := range []any{nil, fields{}, json.RawMessage(" {} "), (*int)(nil)} {
		_, err := articles(t, server).DeleteMany(t.Context(), filter)
		require.ErrorIs(t, err, astra.ErrNoFilter)
		_, err = articles(t, server).UpdateMany(t.Context(), filter, fields{"$set": fields{"a": 1}})
		require.ErrorIs(t, err, astra.ErrNoFilter)
	}
	require.Empty(t, server.bodies)
	require.NoError(t, articles(t, server).DeleteAll(t.Context()))
	require.JSONEq(t, `{"deleteMany":{"filter":{}}}`, server.bodies[0])
}

func TestUpdateManySumsItsPages(t *testing.T) {
	full := `{"status":{"moreData":true,"nextPageState":"%s","matchedCount":50,"modifiedCount":40}}`
	server := script(reply(fmt.Sprintf(full, "p1")), lose(reset), reply(fmt.Sprintf(full, "p2")),
		reply(`{"status":{"matchedCount":1,"modifiedCount":1}}`))
	update := fields{"$set": fields{"_ab_generation_id": 7}}
	result, err := articles(t, server).UpdateMany(t.Context(), fields{"a": 1}, update)
	require.NoError(t, err)
	require.Equal(t, astra.UpdateResult{MatchedCount: 101, ModifiedCount: 81}, result)
	require.JSONEq(t, `{"updateMany":{"filter":{"a":1},"update":{"$set":{"_ab_generation_id":7}}}}`,
		server.bodies[0])
	require.Contains(t, server.bodies[1], `"pageState":"p1"`)
	require.Equal(t, server.bodies[1], server.bodies[2], "a repeat asks for the same page")

	result, err = articles(t, script(reply(fmt.Sprintf(full, "p")))).UpdateMany(t.Context(), fields{"a": 1}, update)
	require.ErrorIs(t, err, astra.ErrSamePage)
	require.True(t, result.MoreData)

	refused := problem("REQUEST", "UPDATE", "UNSUPPORTED_UPDATE_OPERATION")
	result, err = articles(t, script(reply(`{"status":{"matchedCount":2},"errors":[`+refused+`]}`))).
		UpdateMany(t.Context(), fields{"a": 1}, update)
	require.Error(t, err)
	require.Equal(t, astra.UpdateResult{MatchedCount: 2, MoreData: true}, result)
}

func TestCountDocuments(t *testing.T) {
	server := script(reply(`{"status":{"count":1000,"moreData":true}}`))
	n, more, err := articles(t, server).CountDocuments(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 1000, n)
	require.True(t, more)
	require.JSONEq(t, `{"countDocuments":{}}`, server.bodies[0])

	_, _, err = articles(t, server).CountDocuments(t.Context(), fields{"_id": "a"})
	require.NoError(t, err)
	_, _, err = articles(t, server).CountDocuments(t.Context(), fields{"_id": fields{"$in": []string{"a"}}})
	require.ErrorIs(t, err, astra.ErrCountByID)
}

func TestCreateCollectionRequest(t *testing.T) {
	server := script(reply(`{"status":{"ok":1}}`))
	err := newClient(t, server).Database("ks").CreateCollection(t.Context(), "articles", astra.CollectionOptions{
		Vector:   &astra.VectorOptions{Dimension: 8, Metric: "cosine"},
		Indexing: &astra.IndexingOptions{Deny: []string{"text"}},
		Lexical:  astra.Disabled(), Rerank: astra.Disabled(),
	})
	require.NoError(t, err)
	require.Equal(t, "https://db.example/api/json/v1/ks", server.paths[0])
	require.JSONEq(t, `{"createCollection":{"name":"articles","options":{
		"vector":{"dimension":8,"metric":"cosine"},"indexing":{"deny":["text"]},
		"lexical":{"enabled":false},"rerank":{"enabled":false}}}}`, server.bodies[0])
}

func TestCreateCollectionMeetsAnotherCreatorOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := problems(problem("SERVER", "DATABASE", "INVALID_DATABASE_QUERY"))
		start := time.Now()
		server := script(busy, reply(`{"status":{"ok":1}}`))
		database := newClient(t, server).Database("ks")
		require.NoError(t, database.CreateCollection(t.Context(), "c", astra.CollectionOptions{}))
		require.GreaterOrEqual(t, time.Since(start), 2*time.Second)

		server = script(busy)
		err := newClient(t, server).Database("ks").CreateCollection(t.Context(), "c", astra.CollectionOptions{})
		require.True(t, astra.HasCode(err, astra.CodeInvalidDatabaseQuery))
		require.Len(t, server.bodies, 2)

		server = script(busy)
		_, err = find(t.Context(), articles(t, server))
		require.Error(t, err)
		require.Len(t, server.bodies, 1, "only createCollection tries again")
	})
}

func TestSchemaCommandsHaveMoreTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		once := func(o *astra.Options) { o.Retry.MaxAttempts = 1 }
		database := newClient(t, script(hang), once).Database("ks")
		err := database.DeleteCollection(t.Context(), "c")
		require.ErrorIs(t, err, astra.ErrTimeout)
		require.True(t, asError(t, err).OutcomeUnknown())
		require.Equal(t, astra.DefaultSchemaTimeout, time.Since(start))
	})
}

func TestFindCollections(t *testing.T) {
	server := script(reply(`{"status":{"collections":[
		{"name":"a","options":{"vector":{"dimension":8,"metric":"cosine","sourceModel":"other"},
		 "indexing":{"deny":["text"]},"lexical":{"enabled":true},"rerank":{"enabled":false}}},
		{"name":"b","options":{"indexing":{},"defaultId":{"type":"uuid"}}}]}}`))
	found, err := newClient(t, server).Database("ks").FindCollections(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, &astra.VectorOptions{Dimension: 8, Metric: "cosine", SourceModel: "other"}, found[0].Options.Vector)
	require.Equal(t, []string{"text"}, found[0].Options.Indexing.Deny)
	require.True(t, astra.Enabled(found[0].Options.Lexical))
	require.False(t, astra.Enabled(found[0].Options.Rerank))
	require.False(t, astra.Enabled(found[1].Options.Lexical))
	require.Equal(t, &astra.IndexingOptions{}, found[1].Options.Indexing)
	require.JSONEq(t, `{"findCollections":{"options":{"explain":true}}}`, server.bodies[0])

	_, err = newClient(t, script(reply(`{"status":{"collections":["a"]}}`))).Database("ks").FindCollections(t.Context())
	require.ErrorIs(t, err, astra.ErrMalformedReply)
}

func TestFindKeyspaces(t *testing.T) {
	server := script(reply(`{"status":{"keyspaces":["ks"]}}`))
	names, err := newClient(t, server).FindKeyspaces(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"ks"}, names)
	require.Equal(t, "https://db.example/api/json/v1", server.paths[0])
}

func TestEmptyNamesAreRefused(t *testing.T) {
	server := script(page(""))
	client := newClient(t, server)
	_, err := find(t.Context(), client.Database("").Collection("a"))
	require.ErrorIs(t, err, astra.ErrNoName)
	_, err = client.Database("ks").Collection("").InsertMany(t.Context(), notes("a"))
	require.ErrorIs(t, err, astra.ErrNoName)
	require.ErrorIs(t, client.Database("ks").DeleteCollection(t.Context(), ""), astra.ErrNoName)
	require.Empty(t, server.bodies)
	_, err = find(t.Context(), client.Database("a/b").Collection("c d?"))
	require.NoError(t, err)
	require.Equal(t, "https://db.example/api/json/v1/a%2Fb/c%20d%3F", server.paths[0])
}
