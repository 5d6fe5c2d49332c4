package localastra_test

import (
	"testing"

	"destination-astra/localastra"
)

// TestCommandFamilies tells each family of commands as a short story over HTTP.
func TestCommandFamilies(t *testing.T) {
	stories := map[string]func() []step{
		"keyspaces":                keyspaceSteps,
		"collections":              collectionSteps,
		"collection settings":      settingSteps,
		"lexical settings":         lexicalSettingSteps,
		"collection problems":      badSettingSteps,
		"insert":                   insertSteps,
		"find":                     findSteps,
		"find with problems":       badFindSteps,
		"sorted":                   sortedSteps,
		"updateOne and updateMany": updateSteps,
		"update problems":          badUpdateSteps,
		"findOneAnd...":            findOneAndSteps,
		"delete":                   deleteSteps,
		"count":                    countSteps,
		"slices":                   sliceSteps,
		"requests":                 requestSteps,
	}
	for name, steps := range stories {
		t.Run(name, func(t *testing.T) { playSteps(t, localastra.Options{Memory: true}, steps()) })
		t.Run(name+" on disk", func(t *testing.T) { playSteps(t, localastra.Options{Dir: t.TempDir()}, steps()) })
	}
}

func keyspaceSteps() []step {
	const system = `"system_auth","system_schema","system_distributed","system","system_traces","system_views",
		"system_virtual_schema"`
	return []step{
		{"", `{"createKeyspace":{"name":"k"}}`, okAnswer},
		{"", `{"createKeyspace":{"name":"k","options":{"replication":{"class":"SimpleStrategy"}}}}`, okAnswer},
		{"", `{"findKeyspaces":{}}`, `{"status":{"keyspaces":["default_keyspace","k",` + system + `]}}`},
		{"k", `{"createCollection":{"name":"c"}}`, okAnswer},
		{"", `{"dropKeyspace":{"name":"k"}}`, okAnswer},
		{"k", `{"findCollections":{}}`, refused("UNKNOWN_KEYSPACE")},
		{"", `{"dropKeyspace":{"name":"k"}}`, okAnswer},
		{"", `{"createNamespace":{"name":"n"}}`, `{"status":{"ok":1,"warnings":["DEPRECATED_COMMAND"]}}`},
		{"", `{"findNamespaces":{}}`, `{"status":{"namespaces":["default_keyspace","n",` + system + `],
			"warnings":["DEPRECATED_COMMAND"]}}`},
		{"", `{"dropNamespace":{"name":"n"}}`, `{"status":{"ok":1,"warnings":["DEPRECATED_COMMAND"]}}`},
		{"", `{"createKeyspace":{"name":"has-dash"}}`, refused("UNSUPPORTED_SCHEMA_NAME")},
		{"", `{"createKeyspace":{"name":"k","x":1}}`, refused("COMMAND_FIELD_UNKNOWN")},
		{"", `{"dropKeyspace":{"name":""}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
		{"", `{"find":{}}`, refused("COMMAND_UNKNOWN")},
	}
}

func collectionSteps() []step {
	return []step{
		{keyspace, `{"createCollection":{"name":"c","options":{"vector":{"dimension":2}}}}`, okAnswer},
		{keyspace, `{"createCollection":{"name":"b"}}`, okAnswer},
		{keyspace, `{"findCollections":{}}`, `{"status":{"collections":["b","c"]}}`},
		{keyspace, `{"listTables":{}}`, `{"status":{"tables":[]}}`},
		{documents, `{"insertOne":{"document":{"_id":1}}}`, `{"status":{"insertedIds":[1]}}`},
		{keyspace, `{"deleteCollection":{"name":"c"}}`, okAnswer},
		{keyspace, `{"deleteCollection":{"name":"c"}}`, okAnswer},
		{documents, `{"find":{}}`, refused("UNKNOWN_COLLECTION_OR_TABLE")},
		{keyspace, `{"createCollection":{"name":"c","options":{"vector":{"dimension":3}}}}`, okAnswer},
		{documents, `{"insertOne":{"document":{"_id":1,"$vector":[1,2,3]}}}`, `{"status":{"insertedIds":[1]}}`},
		{"nowhere", `{"createCollection":{"name":"c"}}`, refused("UNKNOWN_KEYSPACE")},
		{"nowhere/c", `{"find":{}}`, refused("UNKNOWN_KEYSPACE")},
	}
}

func settingSteps() []step {
	return []step{
		{keyspace, `{"createCollection":{"name":"c","options":{"vector":{"dimension":2,"metric":"euclidean",
			"sourceModel":"bert"},"indexing":{"allow":["a","b.c"]},"defaultId":{"type":"objectId"},
			"lexical":{"enabled":true,"analyzer":"english"},"rerank":{"enabled":false}}}}`, okAnswer},
		{keyspace, `{"findCollections":{"options":{"explain":true}}}`,
			`{"status":{"collections":[{"name":"c","options":{
			"vector":{"dimension":2,"metric":"euclidean","sourceModel":"bert"},"indexing":{"allow":["a","b.c"]},
			"defaultId":{"type":"objectId"},"lexical":{"enabled":true,"analyzer":"english"},
			"rerank":{"enabled":false}}}]}}`},
		{keyspace, `{"createCollection":{"name":"c","options":{"vector":{"dimension":2,"metric":"euclidean",
			"sourceModel":"bert"},"indexing":{"allow":["b.c","a"]},"defaultId":{"type":"objectId"}}}}`, okAnswer},
		{keyspace, `{"createCollection":{"name":"c","options":{"vector":{"dimension":2}}}}`,
			refused("EXISTING_COLLECTION_DIFFERENT_SETTINGS")},
		{keyspace, `{"createCollection":{"name":"d","options":{"rerank":{"enabled":true}}}}`, okAnswer},
		{keyspace, `{"createCollection":{"name":"d","options":{"rerank":{"enabled":false}}}}`,
			refused("EXISTING_COLLECTION_DIFFERENT_SETTINGS")},
		{keyspace, `{"createCollection":{"name":"d"}}`, okAnswer},
	}
}

// lexicalSettingSteps are the settings of $lexical and of reranking as findCollections shows
// them: what was left out is there.
func lexicalSettingSteps() []step {
	shown := func(lexical string) step {
		return step{keyspace, `{"findCollections":{"options":{"explain":true}}}`,
			`{"status":{"collections":[{"name":"c","options":{"lexical":` + lexical + `,"rerank":{"enabled":false}}}]}}`}
	}
	create := func(lexical string) step {
		return step{keyspace, `{"createCollection":{"name":"c","options":{"lexical":` + lexical +
			`,"rerank":{"enabled":false}}}}`, okAnswer}
	}
	drop := step{keyspace, `{"deleteCollection":{"name":"c"}}`, okAnswer}
	const standard, custom = `{"enabled":true,"analyzer":"standard"}`, `{"enabled":true,"analyzer":{"tokenizer":
		{"name":"whitespace"},"filters":[{"name":"lowercase"}],"charFilters":[]}}`
	return []step{
		create(`{"enabled":true}`), shown(standard), drop,
		create(`{"enabled":true,"analyzer":null}`), shown(standard), drop,
		create(`{"enabled":true,"analyzer":{}}`), shown(standard), drop,
		create(`{"enabled":false,"analyzer":null}`), shown(`{"enabled":false}`), drop,
		create(custom), shown(custom), drop,
	}
}

func badSettingSteps() []step {
	create := func(options, code string) step {
		return step{keyspace, `{"createCollection":{"name":"c","options":` + options + `}}`, refused(code)}
	}
	return []step{
		create(`{"vector":{}}`, "INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"vector":{"dimension":0}}`, "COMMAND_FIELD_VALUE_INVALID"),
		create(`{"vector":{"dimension":4097}}`, "VECTOR_SEARCH_TOO_BIG_VALUE"),
		create(`{"vector":{"dimension":2,"metric":"COSINE"}}`, "COMMAND_FIELD_VALUE_INVALID"),
		create(`{"vector":{"dimension":2,"sourceModel":"gpt"}}`, "COMMAND_FIELD_VALUE_INVALID"),
		create(`{"vector":{"dimension":2,"service":{"provider":"openai"}}}`, "VECTORIZE_FEATURE_NOT_AVAILABLE"),
		create(`{"indexing":{}}`, "INVALID_INDEXING_DEFINITION"),
		create(`{"indexing":{"allow":["a"],"deny":["b"]}}`, "INVALID_INDEXING_DEFINITION"),
		create(`{"indexing":{"deny":["a","a"]}}`, "INVALID_INDEXING_DEFINITION"),
		create(`{"indexing":{"allow":["a","a"]}}`, "INVALID_INDEXING_DEFINITION"),
		create(`{"indexing":{"deny":[""]}}`, "INVALID_INDEXING_DEFINITION"),
		create(`{"indexing":{"deny":["a&b"]}}`, "INVALID_INDEXING_DEFINITION"),
		create(`{"defaultId":{"type":"serial"}}`, "COMMAND_FIELD_VALUE_INVALID"),
		create(`{"lexical":{}}`, "INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"lexical":{"enabled":"true"}}`, "INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"lexical":{"enabled":false,"analyzer":"standard"}}`, "INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"lexical":{"enabled":false,"analyzer":{}}}`, "INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"lexical":{"enabled":true,"analyzer":5}}`, "INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"lexical":{"enabled":true,"analyzer":["standard"]}}`, "INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"lexical":{"enabled":true,"analyzer":{"tokenizer":"standard","stemmer":1}}}`,
			"INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"rerank":{}}`, "INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"rerank":{"enabled":false,"service":{"provider":"nvidia"}}}`, "INVALID_CREATE_COLLECTION_OPTIONS"),
		create(`{"tables":1}`, "INVALID_CREATE_COLLECTION_FIELD"),
		{keyspace, `{"createCollection":{"name":""}}`, refused("UNSUPPORTED_SCHEMA_NAME")},
		{keyspace, `{"deleteCollection":{"name":""}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
	}
}

func insertSteps() []step {
	insert := func(document, want string) step {
		return step{documents, `{"insertOne":{"document":` + document + `}}`, want}
	}
	failed := func(code string) string { return `{"status":{"insertedIds":[]},"errors":["` + code + `"]}` }
	return withDocuments(
		insert(`{"_id":"a"}`, failed("DOCUMENT_ALREADY_EXISTS")),
		insert(`{"_id":5}`, `{"status":{"insertedIds":[5]}}`),
		insert(`{"_id":5.0}`, failed("DOCUMENT_ALREADY_EXISTS")),
		insert(`{"_id":"5"}`, `{"status":{"insertedIds":["5"]}}`),
		insert(`{"_id":null}`, `{"status":{"insertedIds":[null]}}`),
		insert(`{"_id":true}`, `{"status":{"insertedIds":[true]}}`),
		insert(`{"_id":{"$date":1}}`, `{"status":{"insertedIds":[{"$date":1}]}}`),
		insert(`{"_id":{"$uuid":"6FD0EE3B-CA8A-4EE1-9DD5-6D6AAD22F8D8"}}`,
			`{"status":{"insertedIds":[{"$uuid":"6FD0EE3B-CA8A-4EE1-9DD5-6D6AAD22F8D8"}]}}`),
		insert(`{"_id":{"$uuid":"6fd0ee3b-ca8a-4ee1-9dd5-6d6aad22f8d8"}}`, failed("DOCUMENT_ALREADY_EXISTS")),
		insert(`{"_id":{"$objectId":"0123456789abcdef01234567"}}`,
			`{"status":{"insertedIds":[{"$objectId":"0123456789abcdef01234567"}]}}`),
		insert(`{"_id":""}`, failed("SHRED_BAD_DOCID_VALUE")),
		insert(`{"_id":[]}`, failed("SHRED_BAD_DOCID_TYPE")),
		insert(`{"_id":{"$uuid":"no"}}`, failed("SHRED_BAD_DOCID_TYPE")),
		insert(`{"$vector":[]}`, failed("SHRED_BAD_VECTOR_SIZE")),
		insert(`{"$vector":[1]}`, failed("INVALID_VECTOR_LENGTH")),
		insert(`{"$vector":[1,"x"]}`, failed("SHRED_BAD_VECTOR_VALUE")),
		insert(`{"$vector":"x"}`, failed("SHRED_BAD_DOCUMENT_VECTOR_TYPE")),
		insert(`{"$vector":{"$binary":"AAA"}}`, failed("SHRED_BAD_BINARY_VECTOR_VALUE")),
		insert(`{"$vector":{"$text":"AAA"}}`, failed("SHRED_BAD_DOCUMENT_VECTOR_TYPE")),
		insert(`{"d":{"$date":"2026-01-01"}}`, failed("SHRED_BAD_EJSON_VALUE")),
		insert(`{"$lexical":5}`, failed("SHRED_BAD_DOCUMENT_LEXICAL_TYPE")),
		insert(`[1]`, failed("SHRED_BAD_DOCUMENT_TYPE")),
		step{documents, `{"insertOne":{}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
		step{documents, `{"insertMany":{}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
		step{documents, `{"insertMany":{"documents":[]}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
		step{documents, `{"insertOne":{"document":{},"options":{"ordered":true}}}`,
			refused("COMMAND_ACCEPTS_NO_OPTIONS")},
		insert(`{"$vectorize":"x"}`, refused("EMBEDDING_SERVICE_NOT_CONFIGURED")),
		insert(`{"$hybrid":"x"}`, refused("EMBEDDING_SERVICE_NOT_CONFIGURED")),
		insert(`{"$vectorize":"x","$vector":[1,0]}`, refused("INVALID_USAGE_OF_VECTORIZE")),
	)
}

func findSteps() []step {
	return withDocuments(
		step{documents, `{"find":{"filter":{"n":{"$gte":2}},"projection":{"n":1,"_id":0}}}`,
			`{"data":{"documents":[{"n":2},{"n":3}],"nextPageState":null}}`},
		step{documents, `{"findOne":{"filter":{"_id":"b"},"projection":{"o.q":1}}}`,
			`{"data":{"document":{"_id":"b","o":{"q":{"r":2}}}}}`},
		step{documents, `{"findOne":{"filter":{"_id":"b"},"projection":{"o":{"p":1}}}}`,
			`{"data":{"document":{"_id":"b","o":{"p":1}}}}`},
		step{documents, `{"findOne":{"filter":{"_id":"z"}}}`, `{"data":{"document":null}}`},
		step{documents, `{"find":{"sort":{"$vector":[1,0.5]},"projection":{"_id":1,"n":1},
			"options":{"limit":2,"includeSimilarity":true,"includeSortVector":true}}}`,
			`{"data":{"documents":[{"_id":"a","n":1,"$similarity":1.0},{"_id":"b","n":2,"$similarity":0.75}],
			"nextPageState":null},"status":{"sortVector":[1.0,0.5]}}`},
		step{documents, `{"findOne":{"sort":{"$vector":{"$binary":"AAAAAD+AAAA="}},"projection":{"n":1},
			"options":{"includeSimilarity":true}}}`, `{"data":{"document":{"_id":"b","n":2,"$similarity":1.0}}}`},
		step{documents, `{"find":{"sort":{"$vector":[1,0]},"filter":{"n":{"$ne":1}},"projection":{"n":1}}}`,
			`{"data":{"documents":[{"_id":"b","n":2}],"nextPageState":null}}`},
		step{documents, `{"find":{"options":{"includeSortVector":true,"limit":1},"projection":{"n":1}}}`,
			`{"data":{"documents":[{"_id":"a","n":1}],"nextPageState":null},"status":{"sortVector":null}}`},
		step{documents, `{"findOne":{"filter":{"_id":"a"},"projection":{"$vector":1}}}`,
			`{"data":{"document":{"_id":"a","n":1,"l":[1,2,3,4],"$vector":[1,0]}}}`},
	)
}

func badFindSteps() []step {
	find := func(args, code string) step { return step{documents, `{"find":` + args + `}`, refused(code)} }
	return withDocuments(
		find(`{"options":{"limit":0}}`, "COMMAND_FIELD_VALUE_INVALID"),
		find(`{"options":{"limit":"x"}}`, "COMMAND_FIELD_VALUE_INVALID"),
		find(`{"options":{"skip":-1}}`, "COMMAND_FIELD_VALUE_INVALID"),
		find(`{"options":{"skip":1}}`, "COMMAND_FIELD_VALUE_INVALID"),
		find(`{"options":{"pageState":"x"}}`, "UNEXPECTED_DRIVER_ERROR"),
		find(`{"options":{"page":1}}`, "COMMAND_FIELD_UNKNOWN"),
		find(`{"sort":{"$vector":[1,0]},"options":{"limit":1001}}`, "COMMAND_FIELD_VALUE_INVALID"),
		find(`{"sort":{"$vector":[1,0]},"options":{"skip":1}}`, "COMMAND_FIELD_VALUE_INVALID"),
		find(`{"sort":{"$vector":[1,0]},"options":{"pageState":null}}`, "SORT_CLAUSE_INVALID"),
		find(`{"sort":{"$vector":[1,0],"n":1}}`, "SORT_CLAUSE_INVALID"),
		find(`{"sort":{"$vector":[1]}}`, "INVALID_VECTOR_LENGTH"),
		find(`{"sort":{"n":2}}`, "SORT_CLAUSE_INVALID"),
		find(`{"sort":[]}`, "SORT_CLAUSE_INVALID"),
		find(`{"sort":{"a&b":1}}`, "SORT_CLAUSE_INVALID"),
		find(`{"sort":{"$vectorize":"x"}}`, "EMBEDDING_SERVICE_NOT_CONFIGURED"),
		find(`{"sort":{"$lexical":" "}}`, "SORT_CLAUSE_INVALID"),
		find(`{"sort":{"$lexical":"x","n":1}}`, "SORT_CLAUSE_INVALID"),
		find(`{"filter":{"$lexical":"x"}}`, "FILTER_INVALID_EXPRESSION"),
		find(`{"filter":{"$lexical":{"$match":1}}}`, "FILTER_INVALID_EXPRESSION"),
		find(`{"filter":{"n":{"$match":"x"}}}`, "FILTER_INVALID_EXPRESSION"),
		find(`{"projection":1}`, "UNSUPPORTED_PROJECTION_PARAM"),
		find(`{"projection":{"n":"x"}}`, "UNSUPPORTED_PROJECTION_PARAM"),
		find(`{"projection":{"n":1,"l":0}}`, "UNSUPPORTED_PROJECTION_PARAM"),
		find(`{"projection":{"l":0,"n":1}}`, "UNSUPPORTED_PROJECTION_PARAM"),
		find(`{"projection":{"*":1,"n":1}}`, "UNSUPPORTED_PROJECTION_PARAM"),
		find(`{"projection":{"$slice":1}}`, "UNSUPPORTED_PROJECTION_PARAM"),
		find(`{"projection":{"_id":"x"}}`, "UNSUPPORTED_PROJECTION_PARAM"),
		find(`{"projection":{"o":1,"o.p":1}}`, "UNSUPPORTED_PROJECTION_PARAM"),
		find(`{"projection":{"a&b":1}}`, "UNSUPPORTED_PROJECTION_PARAM"),
		find(`{"projection":{"o":{"a..b":1}}}`, "UNSUPPORTED_PROJECTION_PARAM"),
	)
}

func sortedSteps() []step {
	find := func(args, ids string) step {
		return step{documents, `{"find":{"projection":{"k":1},` + args + `}}`,
			`{"data":{"documents":` + ids + `,"nextPageState":null}}`}
	}
	return []step{
		{keyspace, `{"createCollection":{"name":"c"}}`, okAnswer},
		{documents, `{"insertMany":{"documents":[{"_id":1,"k":"b"},{"_id":2,"k":2},{"_id":3,"k":null},{"_id":4},
			{"_id":5,"k":true},{"_id":6,"k":"a"},{"_id":7,"k":{"$date":5}},{"_id":8,"k":10}],"options":{"ordered":true}}}`,
			`{"status":{"insertedIds":[1,2,3,4,5,6,7,8]}}`},
		find(`"sort":{"k":1}`, `[{"_id":4},{"_id":3,"k":null},{"_id":2,"k":2},{"_id":8,"k":10},{"_id":6,"k":"a"},
			{"_id":1,"k":"b"},{"_id":5,"k":true},{"_id":7,"k":{"$date":5}}]`),
		find(`"sort":{"k":-1},"options":{"limit":2}`, `[{"_id":7,"k":{"$date":5}},{"_id":5,"k":true}]`),
		find(`"sort":{"k":1},"options":{"limit":1,"skip":3}`, `[{"_id":8,"k":10}]`),
		find(`"sort":{"k":1},"options":{"skip":30}`, `[]`),
		find(`"sort":{"nothing":1,"_id":-1},"options":{"limit":1}`, `[{"_id":8,"k":10}]`),
	}
}

func updateSteps() []step {
	update := func(update, options, status string) step {
		return step{documents, `{"updateOne":{"filter":{"_id":"a"},"update":` + update + `,"options":` + options + `}}`,
			`{"status":` + status + `}`}
	}
	const one, none = `{"matchedCount":1,"modifiedCount":1}`, `{"matchedCount":1,"modifiedCount":0}`
	return withDocuments(
		update(`{"$set":{"n":2}}`, `{}`, one),
		update(`{"$set":{"n":2.0}}`, `{}`, none),
		update(`{"$unset":{"nothing":""}}`, `{}`, none),
		update(`{"$set":{"$vector":[0,1]}}`, `{}`, one),
		update(`{"$set":{"$vector":[0,1]}}`, `{}`, none),
		update(`{"$unset":{"$vector":""}}`, `{}`, one),
		step{documents, `{"find":{"sort":{"$vector":[0,1]},"projection":{"n":1}}}`,
			`{"data":{"documents":[{"_id":"b","n":2}],"nextPageState":null}}`},
		step{documents, `{"updateOne":{"filter":{"_id":"z"},"update":{"$set":{"n":1}}}}`,
			`{"status":{"matchedCount":0,"modifiedCount":0}}`},
		step{documents, `{"updateOne":{"filter":{"_id":"z","o.k":5},"update":{"$inc":{"n":1},"$setOnInsert":{"m":1}},
			"options":{"upsert":true}}}`, `{"status":{"upsertedId":"z","matchedCount":0,"modifiedCount":0}}`},
		step{documents, `{"findOne":{"filter":{"_id":"z"}}}`,
			`{"data":{"document":{"_id":"z","o":{"k":5},"n":1,"m":1}}}`},
		step{documents, `{"updateOne":{"sort":{"n":-1},"update":{"$set":{"greatest":true}}}}`, `{"status":` +
			one + `}`},
		step{documents, `{"findOne":{"filter":{"greatest":true},"projection":{"n":1}}}`,
			`{"data":{"document":{"_id":"c","n":3}}}`},
		step{documents, `{"updateMany":{"filter":{"n":{"$lte":2}},"update":{"$set":{"small":true}}}}`,
			`{"status":{"matchedCount":3,"modifiedCount":3}}`},
		step{documents, `{"updateMany":{"filter":{"n":99},"update":{"$set":{"k":1}},"options":{"upsert":false}}}`,
			`{"status":{"matchedCount":0,"modifiedCount":0}}`},
		step{documents, `{"updateMany":{"filter":{"_id":"y"},"update":{"$set":{"k":1}},"options":{"upsert":true}}}`,
			`{"status":{"upsertedId":"y","matchedCount":0,"modifiedCount":0}}`},
	)
}

func badUpdateSteps() []step {
	update := func(update, code string) step {
		return step{documents, `{"updateOne":{"filter":{"_id":"a"},"update":` + update + `}}`, refused(code)}
	}
	const bad = "UNSUPPORTED_UPDATE_OPERATION"
	return withDocuments(
		step{documents, `{"updateOne":{"filter":{}}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
		update(`{"n":1}`, bad),
		update(`0`, bad),
		update(`{"$set":5}`, bad),
		update(`{"$foo":{"n":1}}`, bad),
		update(`{"$set":{"a&b":1}}`, bad),
		update(`{"$set":{"_id":"b"}}`, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"),
		update(`{"$set":{"o.p":1},"$unset":{"o":""}}`, bad),
		update(`{"$set":{"n":1},"$rename":{"k":"n"}}`, bad),
		update(`{"$set":{"n.x":1}}`, bad),
		update(`{"$set":{"l.x":1}}`, bad),
		update(`{"$inc":{"l":1}}`, bad),
		update(`{"$inc":{"n":"1"}}`, bad),
		update(`{"$inc":{"n":1e99999}}`, bad),
		update(`{"$push":{"n":1}}`, bad),
		update(`{"$rename":{"n":"a..b"}}`, bad),
		update(`{"$set":{"$vector":[1]}}`, "INVALID_VECTOR_LENGTH"),
		update(`{"$set":{"d":{"$date":"x"}}}`, "SHRED_BAD_EJSON_VALUE"),
		step{documents, `{"findOne":{"filter":{"_id":"a"}}}`, `{"data":{"document":{"_id":"a","n":1,"l":[1,2,3,4]}}}`},
	)
}

func findOneAndSteps() []step {
	return withDocuments(
		step{documents, `{"findOneAndUpdate":{"filter":{"_id":"a"},"update":{"$inc":{"n":1}},"projection":{"n":1}}}`,
			`{"data":{"document":{"_id":"a","n":1}},"status":{"matchedCount":1,"modifiedCount":1}}`},
		step{documents, `{"findOneAndUpdate":{"filter":{"_id":"a"},"update":{"$inc":{"n":1}},"projection":{"n":1},
			"options":{"returnDocument":"after"}}}`,
			`{"data":{"document":{"_id":"a","n":3}},"status":{"matchedCount":1,"modifiedCount":1}}`},
		step{documents, `{"findOneAndUpdate":{"filter":{"_id":"a"},"update":{"$set":{"n":3}},
			"options":{"returnDocument":"later"}}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
		step{documents, `{"findOneAndReplace":{"filter":{"_id":"a"},"replacement":{"m":1}}}`,
			`{"data":{"document":{"_id":"a","n":3,"l":[1,2,3,4]}},"status":{"matchedCount":1,"modifiedCount":1}}`},
		step{documents, `{"findOneAndReplace":{"filter":{"_id":"a"},"replacement":{"_id":"a","m":1}}}`,
			`{"data":{"document":{"_id":"a","m":1}},"status":{"matchedCount":1,"modifiedCount":0}}`},
		step{documents, `{"findOneAndReplace":{"filter":{"_id":"a"},"replacement":{"_id":"b","m":1}}}`,
			refused("DOCUMENT_REPLACE_DIFFERENT_DOCID")},
		step{documents, `{"findOneAndReplace":{"filter":{"_id":"a"}}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
		step{documents, `{"findOneAndReplace":{"filter":{"_id":"n"},"replacement":{"m":1},
			"options":{"upsert":true,"returnDocument":"after"}}}`,
			`{"data":{"document":{"_id":"n","m":1}},"status":{"upsertedId":"n","matchedCount":0,"modifiedCount":0}}`},
		step{documents, `{"findOneAndReplace":{"filter":{"_id":"x"},"replacement":{"m":1}}}`,
			`{"data":{"document":null},"status":{"matchedCount":0,"modifiedCount":0}}`},
		step{documents, `{"findOneAndDelete":{"sort":{"$vector":[0,1]},"projection":{"n":1}}}`,
			`{"data":{"document":{"_id":"b","n":2}},"status":{"deletedCount":1}}`},
		step{documents, `{"findOneAndDelete":{"filter":{"_id":"b"}}}`,
			`{"data":{"document":null},"status":{"deletedCount":0}}`},
		step{documents, `{"replaceOne":{"filter":{"_id":"b"}}}`, refused("COMMAND_UNKNOWN")},
	)
}

func deleteSteps() []step {
	return withDocuments(
		step{documents, `{"deleteOne":{"filter":{"_id":"a"}}}`, `{"status":{"deletedCount":1}}`},
		step{documents, `{"deleteOne":{"filter":{"_id":"a"}}}`, `{"status":{"deletedCount":0}}`},
		step{documents, `{"deleteOne":{}}`, refused("COMMAND_FIELD_VALUE_INVALID")},
		step{documents, `{"deleteOne":{"filter":{},"options":{"x":1}}}`, refused("COMMAND_ACCEPTS_NO_OPTIONS")},
		step{documents, `{"deleteMany":{"filter":{"n":{"$exists":true}}}}`, `{"status":{"deletedCount":2}}`},
		step{documents, `{"insertOne":{"document":{"_id":"a"}}}`, `{"status":{"insertedIds":["a"]}}`},
		step{documents, `{"deleteOne":{"filter":{},"sort":{"_id":1}}}`, `{"status":{"deletedCount":1}}`},
		step{documents, `{"deleteMany":{}}`, `{"status":{"deletedCount":-1}}`},
		step{documents, `{"deleteMany":{"filter":{"n":{"$foo":1}}}}`, refused("FILTER_UNSUPPORTED_OPERATOR")},
	)
}

func countSteps() []step {
	return withDocuments(
		step{documents, `{"countDocuments":{}}`, `{"status":{"count":3}}`},
		step{documents, `{"countDocuments":{"filter":{"n":{"$gt":1}}}}`, `{"status":{"count":2}}`},
		step{documents, `{"countDocuments":{"filter":{"_id":{"$in":["a","b","c"]}}}}`, `{"status":{"count":1}}`},
		step{documents, `{"countDocuments":{"filter":{"_id":{"$in":[]}}}}`, refused("UNEXPECTED_SERVER_ERROR")},
		step{documents, `{"estimatedDocumentCount":{}}`, `{"status":{"count":3}}`},
		step{documents, `{"estimatedDocumentCount":{"filter":{}}}`, refused("COMMAND_FIELD_UNKNOWN")},
	)
}

func sliceSteps() []step {
	find := func(projection, want string) step {
		return step{documents, `{"findOne":{"filter":{"_id":"a"},"projection":` + projection + `}}`,
			`{"data":{"document":` + want + `}}`}
	}
	bad := func(projection string) step {
		return step{documents, `{"findOne":{"projection":` + projection + `}}`, refused("UNSUPPORTED_PROJECTION_PARAM")}
	}
	return withDocuments(
		find(`{"l":{"$slice":2}}`, `{"_id":"a","n":1,"l":[1,2]}`),
		find(`{"l":{"$slice":-1}}`, `{"_id":"a","n":1,"l":[4]}`),
		find(`{"l":{"$slice":[1,2]}}`, `{"_id":"a","n":1,"l":[2,3]}`),
		find(`{"l":{"$slice":[-3,2]}}`, `{"_id":"a","n":1,"l":[2,3]}`),
		find(`{"l":{"$slice":[9,2]}}`, `{"_id":"a","n":1,"l":[]}`),
		find(`{"l":{"$slice":-9}}`, `{"_id":"a","n":1,"l":[1,2,3,4]}`),
		find(`{"n":1,"l":{"$slice":1}}`, `{"_id":"a","n":1,"l":[1]}`),
		find(`{"n":0,"l":{"$slice":1}}`, `{"_id":"a","l":[1]}`),
		find(`{"n":{"$slice":1}}`, `{"_id":"a","n":1,"l":[1,2,3,4]}`),
		find(`{"x.y":{"$slice":1}}`, `{"_id":"a","n":1,"l":[1,2,3,4]}`),
		bad(`{"l":{"$slice":"x"}}`), bad(`{"l":{"$slice":[1]}}`), bad(`{"l":{"$slice":[0,-1]}}`),
		bad(`{"l":{"$slice":1.5}}`), bad(`{"l":{"$first":1}}`), bad(`{"l":{}}`), bad(`{"l":1,"l.0":{"$slice":1}}`),
	)
}

func requestSteps() []step {
	return []step{
		{"", ``, refused("COMMAND_FIELD_VALUE_INVALID")},
		{"", `{}`, refused("REQUEST_STRUCTURE_MISMATCH")},
		{"", `[]`, refused("REQUEST_STRUCTURE_MISMATCH")},
		{"", `{"findKeyspaces":{},"createKeyspace":{}}`, refused("REQUEST_STRUCTURE_MISMATCH")},
		{"", `{"findKeyspaces":{}`, refused("REQUEST_NOT_JSON")},
		{"", `{"nonsense":{}}`, refused("COMMAND_UNKNOWN")},
		{keyspace, `{"createCollection":{"name":"c","options":{"vector":{"dimension":2}}}}`, okAnswer},
		{documents, `{"find":null}`, `{"data":{"documents":[],"nextPageState":null}}`},
		{documents, `{"insertOne":{"document":{"n":` + digits(101) + `}}}`, refused("SHRED_DOC_LIMIT_VIOLATION")},
		{documents, `{"insertOne":{"document":{"_id":1,"n":` + digits(100) + `}}}`, `{"status":{"insertedIds":[1]}}`},
	}
}

// digits is a number of so many digits.
func digits(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = '7'
	}
	return string(text)
}
