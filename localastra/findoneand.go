package localastra

// findOneAndCommands change or delete one document and return it. There is no
// replaceOne: clients build it from findOneAndReplace.
func findOneAndCommands() map[string]command {
	return map[string]command{
		"findOneAndUpdate": {scope: collectionScope, write: true,
			fields:  []string{"filter", "options", "projection", "sort", "update"},
			options: []string{"returnDocument", "upsert"}, run: findOneAndUpdate},
		"findOneAndReplace": {scope: collectionScope, write: true,
			fields:  []string{"filter", "options", "projection", "replacement", "sort"},
			options: []string{"returnDocument", "upsert"}, run: findOneAndReplace},
		"findOneAndDelete": {scope: collectionScope, write: true,
			fields: []string{"filter", "options", "projection", "sort"}, run: findOneAndDelete},
	}
}

// findOneAndUpdate is updateOne that returns the document, by default as it was before.
func findOneAndUpdate(r *request) (*reply, *apiError) {
	with, err := r.parseEdit()
	if err != nil {
		return nil, err
	}
	return r.changeAndReturn(with)
}

// findOneAndReplace keeps the _id and nothing else of the document: a replacement
// without $vector drops the vector.
func findOneAndReplace(r *request) (*reply, *apiError) {
	replacement, has := r.args.get("replacement")
	if !has || replacement.kind == kindNull {
		return nil, invalidValue("command.replacementDocument", value{}, "must not be null")
	}
	return r.changeAndReturn(func(c *collection, document value, _ bool) (value, *apiError) {
		if err := r.checkRequest(c, []value{replacement}); err != nil {
			return document, err
		}
		id, known := document.get("_id")
		given, named := replacement.get("_id")
		if known && named && id.key() != given.key() {
			return document, errorf("DOCUMENT_REPLACE_DIFFERENT_DOCID", "The replace document and document resolved "+
				"using filter have different '_id's: %s (replace document) vs. %s (document that filter matches). \n\n"+
				"Resend the update command with a document that has same '_id' as document being replaced.",
				given.json(), id.json())
		}
		if v, _ := replacement.get(vectorField); v.kind == kindTrue {
			_, err := parseVector(v)
			return document, err
		}
		if known {
			return replacement.with("_id", id), nil
		}
		return replacement, nil
	})
}

// changeAndReturn edits a document and returns it as it was before, or with
// returnDocument "after" as it is now.
func (r *request) changeAndReturn(with edit) (*reply, *apiError) {
	choice, _ := r.options.get("returnDocument")
	if choice.kind != kindNull && choice.text != "before" && choice.text != "after" {
		return nil, invalidValue("command.options.returnDocument", choice, "must be 'before' or 'after'")
	}
	projected, _ := r.args.get("projection")
	p, err := parseProjection(projected)
	if err != nil {
		return nil, err
	}
	var before value
	done, err := r.changeOne(with, func(c *collection, t reader, d stored) { before = c.project(t, d, p) })
	if err != nil {
		return nil, err
	}
	shown := before
	if choice.text == "after" && done.after != nil {
		if shown, err = r.stored(done.after.id, p); err != nil {
			return nil, err
		}
	}
	if done.lost != nil {
		return done.reply(), nil
	}
	return &reply{data: []field{{"document", shown}}, status: done.status()}, nil
}

// stored reads a document back by its _id.
func (r *request) stored(id value, p *projection) (value, *apiError) {
	var shown value
	err := r.view(wanted{}, func(c *collection, t reader) *apiError {
		if seq, ok := c.lookup(t, id); ok {
			if d, ok := c.load(t, seq); ok {
				shown = c.project(t, d, p)
			}
		}
		return nil
	})
	return shown, err
}

// findOneAndDelete returns what it deleted, or null when nothing matched.
func findOneAndDelete(r *request) (*reply, *apiError) {
	projected, _ := r.args.get("projection")
	p, err := parseProjection(projected)
	if err != nil {
		return nil, err
	}
	want, err := r.prepare()
	if err != nil {
		return nil, err
	}
	var shown value
	deleted := 0
	err = r.update(func(c *collection, t tx) (*apiError, error) {
		shown, deleted = value{}, 0
		d, refusal := r.target(c, t, want)
		if refusal != nil || d == nil {
			return refusal, nil
		}
		shown, deleted = c.project(t, *d, p), 1
		return nil, c.remove(t, *d)
	})
	if err != nil {
		return nil, err
	}
	r.count(deleted)
	return &reply{data: []field{{"document", shown}}, status: []field{{"deletedCount", intValue(deleted)}}}, nil
}
