package localastra

import "fmt"

// maxInsertDocuments is operations.max-document-insert-count of Data API v1.0.51.
const maxInsertDocuments = 100

// insertCommands are insertOne and insertMany. They never overwrite: an _id that exists
// is an error for that document.
func insertCommands() map[string]command {
	return map[string]command{
		"insertOne": {scope: collectionScope, write: true, fields: []string{"document", "options"}, run: insertOne},
		"insertMany": {scope: collectionScope, write: true, fields: []string{"documents", "options"},
			options: []string{"ordered", "returnDocumentResponses"}, run: insertMany},
	}
}

// insertion is one document of an insert and what became of it.
type insertion struct {
	document *shredded // nil when it could not be shredded
	err      *apiError
	skipped  bool
}

// id returns the _id as far as it is known.
func (n *insertion) id() (value, bool) {
	switch {
	case n.document != nil:
		return n.document.id, true
	case n.err != nil && len(n.err.documentIDs) > 0:
		return n.err.documentIDs[0], true
	default:
		return value{}, false
	}
}

// insertOne is insertMany of one, but for its options: it has none.
func insertOne(r *request) (*reply, *apiError) {
	document, has := r.args.get("document")
	if !has {
		return nil, invalidValue("command.document", value{}, "must not be null")
	}
	return r.insert([]value{document}, false)
}

// insertMany stores up to 100 documents. By default each succeeds or fails alone; the
// reply names those that were stored, and an error for each that was not.
func insertMany(r *request) (*reply, *apiError) {
	documents, has := r.args.get("documents")
	switch {
	case !has || documents.kind == kindNull:
		return nil, invalidValue("command.documents", value{}, "must not be null")
	case len(documents.items) == 0:
		return nil, invalidValue("command.documents", documents, "must not be empty")
	case len(documents.items) > maxInsertDocuments:
		return nil, invalidValue("command.documents", documents, fmt.Sprintf(
			"amount of documents to insert is over the max limit (%d vs %d)", len(documents.items), maxInsertDocuments))
	}
	return r.insert(documents.items, r.options.isTrue("ordered"))
}

// insert stores documents that are new. Each of them succeeds or fails alone; with
// ordered the first failure ends the work.
func (r *request) insert(documents []value, ordered bool) (*reply, *apiError) {
	var list []insertion
	if err := r.view(wanted{}, func(c *collection, _ reader) *apiError {
		if err := r.checkRequest(c, documents); err != nil {
			return err
		}
		list = c.shredAll(documents)
		return nil
	}); err != nil {
		return nil, err
	}
	refused := r.update(func(c *collection, t tx) (*apiError, error) {
		return nil, c.insertAll(t, list, ordered)
	})
	if refused != nil {
		return nil, refused
	}
	return r.insertReply(list), nil
}

// checkRequest refuses what makes the whole request invalid, not one document. Such a
// request is refused without a status: its other documents are not stored either (Data
// API v1.0.51, observed).
func (r *request) checkRequest(c *collection, documents []value) *apiError {
	for i, d := range documents {
		v, hasVector := d.get(vectorField)
		_, hasVectorize := d.get(vectorizeField)
		_, hasHybrid := d.get(hybridField)
		switch {
		case r.vectorized:
		case hasVector && hasVectorize:
			return bothVectors(i + 1)
		case hasVectorize || hasHybrid:
			return c.noEmbeddingService()
		case hasVector && v.kind != kindNull && c.options.vector == nil:
			return c.noVectors()
		}
	}
	return nil
}

// noEmbeddingService is the answer to a text where the collection has nobody to make a
// vector of it.
func (c *collection) noEmbeddingService() *apiError {
	return errorf("EMBEDDING_SERVICE_NOT_CONFIGURED", "Collection '%s' does not have embedding service configured: "+
		"cannot vectorize data.\n\nCollection must be recreated with embedding service configuration to allow "+
		"vectorization.", c.name)
}

// noVectors is the answer to a vector in a collection that was made without.
func (c *collection) noVectors() *apiError {
	return errorf("VECTOR_SEARCH_NOT_SUPPORTED", "Vector search is not enabled for collection: %s.%s.",
		c.keyspace, c.name)
}

// shredAll judges each document by itself, outside the write transaction: this is the
// expensive part of an insert, and many requests do it at the same time.
func (c *collection) shredAll(documents []value) []insertion {
	list := make([]insertion, len(documents))
	for i, d := range documents {
		if given, _ := d.get(vectorField); given.kind == kindTrue {
			list[i].err = newError("SHRED_BAD_DOCUMENT_VECTOR_TYPE", "Bad $vector value to shred: JSON 'Boolean's not "+
				"supported: only JSON Arrays and Objects are.")
			if id, has := d.get("_id"); has {
				list[i].err = list[i].err.of(id)
			}
			continue
		}
		list[i].document, list[i].err = c.shred(d)
	}
	return list
}

// insertAll runs inside a transaction and may run again: it judges what shredding left.
// Two documents with one _id in the same request are judged in order: the first is
// stored, the second exists already.
func (c *collection) insertAll(t tx, list []insertion, ordered bool) error {
	failed := false
	for i := range list {
		n := &list[i]
		n.skipped = failed && ordered
		if n.document == nil || n.skipped {
			failed = failed || n.document == nil
			continue
		}
		n.err = nil
		if _, exists := c.lookup(t, n.document.id); exists {
			n.err = alreadyExists(n.document.id)
			failed = true
			continue
		}
		if err := c.insert(t, n.document); err != nil {
			return err
		}
	}
	return nil
}

// alreadyExists is the answer to an _id that is taken. A client that repeats an insert
// after a timeout meets it for what was stored the first time.
func alreadyExists(id value) *apiError {
	shown := id.json()
	if id.kind == kindString {
		shown = "'" + id.text + "'"
	}
	return errorf("DOCUMENT_ALREADY_EXISTS", "Cannot insert the document: a document already exists with given '_id' "+
		"(%s). \n\nEither resend the command with distinct '_id', or use an update command instead.", shown).of(id)
}

// insertReply lists the ids that were stored, or what became of each document.
// Documents keep the order of the request in every list, whatever the order in which
// they were stored.
func (r *request) insertReply(list []insertion) *reply {
	result := &reply{}
	inserted := []value{}
	responses := make([]value, 0, len(list))
	for i := range list {
		n := &list[i]
		id, known := n.id()
		var fields []field
		if known {
			fields = append(fields, field{"_id", id})
		}
		switch {
		case n.skipped:
			fields = append(fields, field{"status", stringValue("SKIPPED")})
		case n.err != nil:
			fields = append(fields, field{"status", stringValue("ERROR")},
				field{"errorsIdx", intValue(len(result.errors))})
			result.errors = append(result.errors, n.err)
		default:
			fields = append(fields, field{"status", stringValue("OK")})
			inserted = append(inserted, id)
		}
		responses = append(responses, objectValue(fields...))
	}
	r.count(len(inserted))
	result.status = []field{{"insertedIds", arrayValue(inserted)}}
	if r.options.isTrue("returnDocumentResponses") {
		result.status = []field{{"documentResponses", arrayValue(responses)}}
	}
	return result
}
