package localastra

import (
	"maps"
	"slices"
)

// indexesPerCollection is what each new collection reserves of MaxIndexes.
const indexesPerCollection = 10

// collectionCommands are the commands on a keyspace.
func collectionCommands() map[string]command {
	return map[string]command{
		"createCollection": {scope: keyspaceScope, write: true, fields: []string{"name", "options"},
			run: createCollection},
		"deleteCollection": {scope: keyspaceScope, write: true, fields: []string{"name"}, run: deleteCollection},
		"findCollections": {scope: keyspaceScope, fields: []string{"options"}, options: []string{"explain"},
			run: findCollections},
		"listTables": {scope: keyspaceScope, fields: []string{"options"}, options: []string{"explain"},
			run: listNothing("tables")},
		"listTypes": {scope: keyspaceScope, fields: []string{"options"}, options: []string{"explain"},
			run: listNothing("types")},
	}
}

// createCollection answers ok for a collection that exists with the same settings,
// also when the database is full.
func createCollection(r *request) (*reply, *apiError) {
	name := r.text("name")
	var options collectionOptions
	refused := r.completeService()
	if refused != nil {
		return nil, refused
	}
	err := r.server.store.update(func(t tx) error {
		collections, failed := r.server.store.catalog.collections(r.keyspace)
		if failed == nil && !validSchemaName(name) {
			failed = badName("Collection", name)
		}
		if failed == nil {
			options, failed = parseCollectionOptions(r.options)
		}
		if failed == nil && options.vectorizing() {
			failed = r.server.checkService(options.vector.service, options.vector.dimension)
		}
		if failed == nil {
			failed = r.server.checkRerank(r, &options)
		}
		if refused = failed; failed != nil {
			return nil
		}
		if existing := collections[name]; existing != nil {
			refused = sameOptions(existing, &options)
			return nil
		}
		if refused = r.server.checkCollectionLimits(r.keyspace, name); refused != nil {
			return nil
		}
		options.completeFrom(r.server.defaultOptions())
		return r.server.store.addCollection(t, r.keyspace, name, options)
	})
	if err != nil {
		return nil, serverError(err)
	}
	if refused != nil {
		return nil, refused
	}
	return okReply(), nil
}

// completeService refuses an embedding service when the server has no embedder, and
// asks the embedder for a dimension that was left out.
func (r *request) completeService() *apiError {
	vector, _ := r.options.get("vector")
	service, _ := vector.get("service")
	dimension, _ := vector.get("dimension")
	switch {
	case service.kind == kindNull:
		return nil
	case r.server.options.Embed == nil:
		return newError("VECTORIZE_FEATURE_NOT_AVAILABLE", "Vectorize feature is not available in the environment.")
	case dimension.kind != kindNull:
		return nil
	}
	probe, err := r.server.options.Embed(r.ctx, []string{"dimension"})
	if err != nil || len(probe) != 1 {
		return errorf("EMBEDDING_PROVIDER_SERVER_ERROR", "The embedding provider returned an error: %v", err)
	}
	r.options = r.options.with("vector", vector.with("dimension", intValue(len(probe[0]))))
	return nil
}

// checkRerank refuses reranking on a Cassandra backend, where it is off unless a header
// turns it on.
func (s *Server) checkRerank(r *request, o *collectionOptions) *apiError {
	if o.rerank.isTrue("enabled") && s.cassandra() && r.header.Get("Feature-Flag-reranking") != "true" {
		return newError("RERANKING_FEATURE_NOT_ENABLED", "Reranking feature is not enabled for this database.")
	}
	return nil
}

// sameOptions answers a createCollection for a name that is taken. What the request
// left out of lexical and rerank counts as what is there.
func sameOptions(existing *collection, asked *collectionOptions) *apiError {
	asked.completeFrom(existing.options)
	if asked.equal(&existing.options) {
		return nil
	}
	return errorf("EXISTING_COLLECTION_DIFFERENT_SETTINGS", "Collection '%s' already exists but with settings "+
		"different from ones passed with 'createCollection' command.\n\nIf you need to change collection settings you "+
		"will need to 'deleteCollection', then re-create with new settings.", existing.name)
}

// checkCollectionLimits counts all keyspaces together. Both limits are checked before
// anything is created.
func (s *Server) checkCollectionLimits(keyspace, name string) *apiError {
	collections, indexes := s.store.catalog.count()
	if collections >= s.options.MaxCollections {
		return errorf("TOO_MANY_COLLECTIONS", "Cannot create collection '%s': the maximum number of collections per "+
			"database is %d, database already has %d.", name, s.options.MaxCollections, collections)
	}
	if indexes+indexesPerCollection > s.options.MaxIndexes {
		return errorf("TOO_MANY_INDEXES_FOR_COLLECTION", "The command attempted to create an collection, however the "+
			"number of indexes in the database has reached the maximum allowed.\n\nFailed to create Collection: %s.%s.\n"+
			"The number of indexes needed for each collection is: %d.\n\nReduce the number of indexes in the database "+
			"and resend the command.", keyspace, name, indexesPerCollection)
	}
	return nil
}

// addCollection gives the collection the next number and writes the catalog, all in the
// caller's transaction.
func (s *store) addCollection(t tx, keyspace, name string, o collectionOptions) error {
	s.catalog.keyspaces[keyspace][name] = newCollection(s.catalog.nextID, keyspace, name, o)
	s.catalog.nextID++
	return s.catalog.save(t)
}

// deleteCollection deletes a collection with its documents. One that does not exist is
// fine; a keyspace that does not exist is not.
func deleteCollection(r *request) (*reply, *apiError) {
	name := r.text("name")
	if name == "" {
		return nil, invalidValue("command.name", stringValue(name), "must not be empty")
	}
	if _, err := r.collections(); err != nil {
		return nil, err
	}
	if err := r.server.store.dropCollection(r.keyspace, name); err != nil {
		return nil, serverError(err)
	}
	return okReply(), nil
}

// collections returns the collections of the keyspace, in the order of their names. The
// list is a copy, but its collections are not: their settings never change, and nothing
// else of them may be read without the lock.
func (r *request) collections() ([]*collection, *apiError) {
	var list []*collection
	var failed *apiError
	err := r.server.store.view(func(reader) error {
		collections, err := r.server.store.catalog.collections(r.keyspace)
		for _, name := range slices.Sorted(maps.Keys(collections)) {
			list = append(list, collections[name])
		}
		failed = err
		return nil
	})
	if err != nil {
		return nil, serverError(err)
	}
	return list, failed
}

// findCollections lists all names in order, without pages. With explain it shows the
// settings, completed by the defaults.
func findCollections(r *request) (*reply, *apiError) {
	list, err := r.collections()
	if err != nil {
		return nil, err
	}
	items := make([]value, len(list))
	for i, c := range list {
		items[i] = stringValue(c.name)
		if r.options.isTrue("explain") {
			items[i] = objectValue(field{"name", stringValue(c.name)}, field{"options", c.options.explain()})
		}
	}
	return &reply{status: []field{{"collections", arrayValue(items)}}}, nil
}

// listNothing answers that there are none: this server has collections only, and so
// neither tables nor types of their columns.
func listNothing(what string) func(*request) (*reply, *apiError) {
	return func(r *request) (*reply, *apiError) {
		if _, err := r.collections(); err != nil {
			return nil, err
		}
		return &reply{status: []field{{what, arrayValue(nil)}}}, nil
	}
}
