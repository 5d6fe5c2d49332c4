package connector_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
)

// FuzzDecodeStored feeds arbitrary documents as a Data API may answer with. One that is accepted
// is asked for, and deleted, by the _id and the fields that it has and no others.
func FuzzDecodeStored(f *testing.F) {
	for _, seed := range []string{
		`{"_id":"a","_ab_record_id":"s_1","_ab_generation_id":3,"_ab_attempt":"x","_ab_text_hash":"h","_ab_embedder":"e"}`,
		`{"_id":7}`, `{"_id":-1.50}`, `{"_id":true}`, `{"_id":{"$date":5}}`, `{"_id":["a"]}`, // not strings
		`{"_id":null}`, `{"_id":""}`, `{}`, `null`, // easily taken for each other
		`{"_id":"a","_ab_generation_id":1.0}`, `{"_id":"a","_ab_generation_id":1e999}`, `{"_id":"a","_ab_generation_id":"3"}`,
		`{"_id":"a","_ab_generation_id":null,"_ab_attempt":null}`, `{"_id":"a","_ab_attempt":"1.2"}`,
		`{"_id":"a","_ID":"b","_Ab_Attempt":"y"}`, `{"_id":"a","_id":"b"}`, // other spellings, and twice
		`{"_id":"\ud800"}`, `{"_id":"a","_ab_record_id":["b"]}`, `["_id"]`, `{"_id":`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, unchanged, err := connector.DecodeStored(raw)
		if err != nil {
			require.Contains(t, err.Error(), "find: document ")
			require.LessOrEqual(t, len(err.Error()), 1000, "an error repeats a part of the document only")
			return
		}
		require.True(t, json.Valid(raw))
		fields, plain := exactFields(t, raw)
		if !plain {
			return
		}
		require.NotEmpty(t, fields["_id"])
		text, err := json.Marshal(id)
		require.NoError(t, err)
		require.True(t, connector.SameValue(text, spelled(t, fields["_id"])), "%s of %s", text, raw)
		for name, value := range unchanged {
			text, err := json.Marshal(value)
			require.NoError(t, err)
			require.True(t, connector.SameValue(text, spelled(t, fields[name])), "%s: %s of %s", name, text, raw)
		}
	})
}

// exactFields are the fields of an object; plain is false when a name is there in several
// spellings, of which encoding/json takes the last.
func exactFields(t *testing.T, raw []byte) (fields map[string]json.RawMessage, plain bool) {
	t.Helper()
	require.NoError(t, json.Unmarshal(raw, &fields))
	names := map[string]bool{}
	for name := range fields {
		lower := strings.ToLower(name)
		if names[lower] || strings.HasPrefix(lower, "_") && lower != name {
			return nil, false
		}
		names[lower] = true
	}
	return fields, true
}

// spelled is a JSON text with what is no UTF-8 replaced, as a decoded string has it.
func spelled(t *testing.T, raw json.RawMessage) []byte {
	t.Helper()
	var text string
	if json.Unmarshal(raw, &text) != nil || string(raw) == "null" {
		return raw
	}
	out, err := json.Marshal(text)
	require.NoError(t, err)
	return out
}
