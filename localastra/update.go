package localastra

// updateCommands are updateOne and updateMany. Both take update operators only; a whole
// new document is the business of findOneAndReplace.
func updateCommands() map[string]command {
	return map[string]command{
		"updateOne": {scope: collectionScope, write: true, fields: []string{"filter", "options", "sort", "update"},
			options: []string{"upsert"}, run: updateOne},
		"updateMany": {scope: collectionScope, write: true, fields: []string{"filter", "options", "update"},
			options: []string{"pageState", "upsert"}, run: updateMany},
	}
}

// change is what an updating command did to one document.
type change struct {
	// matched counts documents that the filter found, modified those of them that are
	// different now. A document that was created is in neither.
	matched  int
	modified int
	// upserted is the _id of a document that was created; nil when none was.
	upserted *value
	// before is nil for a document that was created.
	before *stored
	// after is the new version, also when it is the same as the old one.
	after *shredded
	// lost is set when other requests were faster too often. Nothing changed then.
	lost *apiError
}

// reply prints the counts, and the error of a change that lost against others.
func (c change) reply() *reply {
	result := &reply{status: c.status()}
	if c.lost != nil {
		result.errors = []*apiError{c.lost}
	}
	return result
}

// status prints the counts as the updating commands do.
func (c change) status() []field {
	var fields []field
	if c.upserted != nil {
		fields = append(fields, field{"upsertedId", *c.upserted})
	}
	return append(fields, field{"matchedCount", intValue(c.matched)}, field{"modifiedCount", intValue(c.modified)})
}

// edit is how an updating command makes the new version of a document. inserting is
// true when document is the start of a new one.
type edit func(c *collection, document value, inserting bool) (value, *apiError)

// parseEdit reads the update argument. What can be checked without a document is
// checked now. The rest is checked for each document, and refuses the command as a
// whole.
func (r *request) parseEdit() (edit, *apiError) {
	update, has := r.args.get("update")
	if !has || update.kind == kindNull {
		return nil, invalidValue("command.updateClause", value{}, "must not be null")
	}
	operations, err := parseUpdate(update)
	if err != nil {
		return nil, err
	}
	return func(c *collection, document value, inserting bool) (value, *apiError) {
		var err *apiError
		for _, u := range operations {
			if u.path[0] == vectorField && u.operator != "$unset" {
				if err := c.checkVectorOperand(u.operand); err != nil {
					return document, err
				}
			}
			if document, err = u.apply(document, inserting); err != nil {
				return document, err
			}
		}
		return document, nil
	}, nil
}

// checkVectorOperand checks a vector that an update sets: a bad one refuses the whole
// command.
func (c *collection) checkVectorOperand(v value) *apiError {
	if c.options.vector == nil {
		return c.noVectors()
	}
	if v.kind == kindNull {
		return nil
	}
	parsed, err := parseVector(v)
	if err != nil {
		return err
	}
	return parsed.check(c)
}

// updateOne changes the first document that matches. Without a filter that is any
// document, as observed with Data API v1.0.51.
func updateOne(r *request) (*reply, *apiError) {
	with, err := r.parseEdit()
	if err != nil {
		return nil, err
	}
	done, err := r.changeOne(with, func(*collection, reader, stored) {})
	if err != nil {
		return nil, err
	}
	return done.reply(), nil
}

// changeOne edits the first document that the request finds, or with upsert creates
// one. seen is shown a document before it changes.
func (r *request) changeOne(with edit, seen func(*collection, reader, stored)) (change, *apiError) {
	want, err := r.prepare()
	if err != nil {
		return change{}, err
	}
	claim := r.server.rows.enter(r)
	defer claim.leave()
	var done change
	err = r.update(func(c *collection, t tx) (*apiError, error) {
		done = change{}
		d, refusal := r.target(c, t, want)
		switch {
		case refusal != nil:
			return refusal, nil
		case d == nil && !r.options.isTrue("upsert"):
			return nil, nil
		case d == nil:
			claim.changed()
			return r.upsert(c, t, with, &done)
		}
		done.matched = 1
		if claim.lost() {
			done.lost = errContention()
			return nil, nil
		}
		claim.changed()
		seen(c, t, *d)
		return c.edit(t, *d, with, &done)
	})
	r.count(done.modified)
	return done, err
}

// edit stores the new version of a document unless nothing changed. A document that
// would be the same afterwards counts as matched and not as modified, and nothing is
// written.
func (c *collection) edit(t tx, d stored, with edit, done *change) (*apiError, error) {
	edited, refusal := with(c, d.fields, false)
	if refusal != nil {
		return refusal, nil
	}
	next, refusal := c.shred(edited)
	if refusal != nil {
		return refusal.of(), nil // an update names no documentIds
	}
	done.before, done.after = &d, next
	if next.fields.key() == d.fields.key() && c.sameVector(t, d, next) {
		return nil, nil
	}
	done.modified++
	return nil, c.replace(t, d, next)
}

// sameVector compares with the stored bytes. A vector in another form counts as a
// change, since it also comes back in the form in which it was sent.
func (c *collection) sameVector(t reader, d stored, next *shredded) bool {
	if next.vector == nil {
		return true
	}
	return string(t.get(c.id, vectorsTable, seqKey(d.seq))) == string(next.vector.encode())
}

// upsert creates a document from the equalities of the filter and the edit. Values of
// the filter that are equalities become fields, as in MongoDB. The _id is one of them
// when the filter names it.
func (r *request) upsert(c *collection, t tx, with edit, done *change) (*apiError, error) {
	q, refusal := r.parseQuery(c)
	if refusal != nil {
		return refusal, nil
	}
	start := objectValue()
	q.filter.equalities(func(path []string, v value) {
		if refusal == nil {
			refusal = reachable(start, path)
		}
		if refusal == nil {
			start = setPath(start, path, v)
		}
	})
	if refusal != nil {
		return refusal, nil
	}
	edited, refusal := with(c, start, true)
	if refusal != nil {
		return refusal, nil
	}
	next, refusal := c.shred(edited)
	if refusal != nil {
		return refusal.of(), nil // an update names no documentIds
	}
	if _, exists := c.lookup(t, next.id); exists {
		return alreadyExists(next.id), nil
	}
	done.upserted, done.after = &next.id, next
	return nil, c.insert(t, next)
}

// equalities calls fn for each $eq that all matching documents satisfy.
func (f *filter) equalities(fn func(path []string, v value)) {
	switch f.operator {
	case "$eq":
		fn(f.path, f.operand)
	case "$and":
		for _, child := range f.children {
			child.equalities(fn)
		}
	}
}

// updateMany edits one page of documents. A full page says moreData and where the
// next one starts.
func updateMany(r *request) (*reply, *apiError) {
	with, err := r.parseEdit()
	if err != nil {
		return nil, err
	}
	page, err := parsePageState(r.options)
	if err != nil {
		return nil, err
	}
	want, err := r.prepare()
	if err != nil {
		return nil, err
	}
	var result *reply
	modified := 0
	err = r.update(func(c *collection, t tx) (*apiError, error) {
		q, refusal := r.parseQuery(c)
		if refusal != nil {
			return refusal, nil
		}
		c.build(t, want)
		done, next, refusal, err := r.changePage(c, t, q.filter, page, with)
		modified = done.modified
		result = &reply{}
		if next.kind != kindNull {
			result.status = []field{{"moreData", boolValue(true)}, {"nextPageState", next}}
		}
		result.status = append(result.status, done.status()...)
		return refusal, err
	})
	r.count(modified)
	if err != nil {
		return nil, err
	}
	return result, nil
}

// changePage edits one page of an updateMany. A list of ids is one page whatever its
// length; everything else comes in pages.
func (r *request) changePage(c *collection, t tx, f *filter, page pageState, with edit) (
	done change, next value, refusal *apiError, err error) {
	_, byID := f.ids()
	size := r.server.options.PageSize
	if byID {
		size = maxInValues
	}
	var found []stored
	c.each(t, f, page.from, func(d stored) bool {
		found = append(found, d)
		return len(found) < size
	})
	for _, d := range found {
		if refusal, err = c.edit(t, d, with, &done); refusal != nil || err != nil {
			return done, next, refusal, err
		}
		done.matched++
	}
	if len(found) == 0 && page.from == 0 && r.options.isTrue("upsert") {
		refusal, err = r.upsert(c, t, with, &done)
	}
	if len(found) == size && !byID {
		next = pageState{from: found[len(found)-1].seq + 1}.json()
	}
	return done, next, refusal, err
}
