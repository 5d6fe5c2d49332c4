package astra_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

func TestInsertOne(t *testing.T) {
	server := script(reply(`{"status":{"insertedIds":["a"]}}`))
	require.NoError(t, articles(t, server).InsertOne(t.Context(), fields{"_id": "a", "n": 1}))
	require.JSONEq(t, `{"insertOne":{"document":{"_id":"a","n":1}}}`, server.bodies[0])

	taken := script(reply(`{"status":{"insertedIds":[]},"errors":[` + problem("REQUEST", "DOCUMENT", "DOCUMENT_ALREADY_EXISTS") + `]}`))
	err := articles(t, taken).InsertOne(t.Context(), fields{"_id": "a"})
	require.True(t, astra.HasCode(err, astra.CodeDocumentAlreadyExists), "%v", err)
}

func TestUpdateOne(t *testing.T) {
	server := script(reply(`{"status":{"matchedCount":1,"modifiedCount":0}}`), reply(`{"status":{"matchedCount":0,"modifiedCount":0}}`))
	collection := articles(t, server)
	for _, want := range []bool{true, false} {
		matched, err := collection.UpdateOne(t.Context(), fields{"_id": "a", "by": "x"}, fields{"$set": fields{"by": "y"}})
		require.NoError(t, err)
		require.Equal(t, want, matched)
	}
	require.JSONEq(t, `{"updateOne":{"filter":{"_id":"a","by":"x"},"update":{"$set":{"by":"y"}}}}`, server.bodies[0])
	_, err := collection.UpdateOne(t.Context(), fields{}, fields{"$set": fields{"by": "y"}})
	require.ErrorIs(t, err, astra.ErrNoFilter)
}

func TestDeleteOne(t *testing.T) {
	server := script(reply(`{"status":{"deletedCount":1}}`), reply(`{"status":{"deletedCount":0}}`))
	collection := articles(t, server)
	for _, want := range []bool{true, false} {
		deleted, err := collection.DeleteOne(t.Context(), fields{"_id": "a"})
		require.NoError(t, err)
		require.Equal(t, want, deleted)
	}
	require.JSONEq(t, `{"deleteOne":{"filter":{"_id":"a"}}}`, server.bodies[0])
	_, err := collection.DeleteOne(t.Context(), nil)
	require.ErrorIs(t, err, astra.ErrNoFilter)
}

// TestBeforeWrite: every Trace of a context is asked before each attempt of a write, and none
// before a read.
func TestBeforeWrite(t *testing.T) {
	refusal := errors.New("taken over")
	var asked []string
	trace := func(ctx context.Context, name string, allowed int) context.Context {
		n := 0
		return astra.WithTrace(ctx, &astra.Trace{BeforeWrite: func(context.Context) error {
			asked = append(asked, name)
			if n++; n > allowed {
				return refusal
			}
			return nil
		}})
	}
	server := script(page(""), reply(`{"errors":[`+problem("SERVER", "DATABASE", "FAILED_WRITE_REQUEST")+`]}`), reply(`{"status":{"deletedCount":1}}`))
	collection := articles(t, server)
	ctx := trace(trace(t.Context(), "outer", 1), "inner", 2)
	_, err := collection.Find(ctx, astra.FindQuery{Projection: fields{"n": 1}})
	require.NoError(t, err)
	require.Empty(t, asked)
	_, err = collection.DeleteMany(ctx, fields{"n": 1})
	require.ErrorIs(t, err, refusal)
	require.Equal(t, []string{"inner", "outer", "inner", "outer"}, asked)
	require.Len(t, server.bodies, 2, "the repeat was not sent")

	_, err = collection.InsertMany(ctx, []astra.Document{rawDocument{id: json.RawMessage(`"a"`)}})
	require.ErrorIs(t, err, refusal)
	var batch *astra.BatchError
	require.ErrorAs(t, err, &batch)
	require.Equal(t, astra.FateNotTried, batch.Documents[0].Fate)
}
