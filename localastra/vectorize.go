package localastra

import (
	"context"
	"fmt"
	"strings"
)

// EmbedFunc turns texts into vectors, one for each text and all of the same length. It
// is called outside any lock, concurrently, with at most 100 texts.
type EmbedFunc = func(ctx context.Context, texts []string) ([][]float32, error)

// vectorizing reports whether the collection makes vectors from $vectorize.
func (o *collectionOptions) vectorizing() bool {
	return o.vector != nil && o.vector.service.kind != kindNull
}

// vectorize puts vectors in the place of the texts of a request: $vectorize in
// documents, updates and sorts, and $hybrid. In a collection without an embedding
// service everything stays, to be refused by the command.
func (r *request) vectorize() *apiError {
	if r.server.options.Embed == nil || !r.mentionsText() {
		return nil
	}
	enabled := false
	err := r.view(wanted{}, func(c *collection, _ reader) *apiError {
		enabled = c.options.vectorizing()
		return nil
	})
	if err != nil || !enabled {
		return nil // the command itself says what is wrong with the collection
	}
	var texts []string
	known := map[string]int{}
	collect := rewriter{vector: func(text string) value {
		if _, seen := known[text]; !seen {
			known[text] = len(texts)
			texts = append(texts, text)
		}
		return value{}
	}}
	if _, err := collect.args(r.args); err != nil {
		return err
	}
	var vectors []value
	if len(texts) > 0 {
		if vectors, err = r.server.embed(r.ctx, texts); err != nil {
			return err
		}
	}
	fill := rewriter{vector: func(text string) value { return vectors[known[text]] }}
	r.args, err = fill.args(r.args)
	r.vectorized = true
	return err
}

// mentionsText is a quick look that spares most requests the closer one. It looks as
// deep as such a field can stand in any command, and no deeper: documents may be large.
func (r *request) mentionsText() bool {
	found := false
	var look func(v value, depth int)
	look = func(v value, depth int) {
		for _, f := range v.fields {
			found = found || f.name == vectorizeField || f.name == hybridField
			if depth < 3 {
				look(f.value, depth+1)
			}
		}
		for _, item := range v.items {
			look(item, depth)
		}
	}
	look(r.args, 0)
	return found
}

// embed calls the embedder and returns vectors in the form {"$binary": ...}. Equal
// texts of a request were merged before. The vectors go the same way as those that
// clients send, limits and all.
func (s *Server) embed(ctx context.Context, texts []string) ([]value, *apiError) {
	vectors, err := s.options.Embed(ctx, texts)
	if err == nil && len(vectors) != len(texts) {
		err = fmt.Errorf("%d vectors for %d texts", len(vectors), len(texts))
	}
	if err != nil {
		return nil, errorf("EMBEDDING_PROVIDER_SERVER_ERROR", "The embedding provider returned an error: %v", err)
	}
	values := make([]value, len(vectors))
	for i, floats := range vectors {
		values[i] = (&vector{floats: floats}).json()
	}
	return values, nil
}

// rewriter replaces texts by vectors in the arguments of a command.
type rewriter struct{ vector func(text string) value }

// args rewrites the arguments that may hold documents, updates and sorts. It runs
// twice: once to collect the texts, and once more to put the vectors in their places.
func (w rewriter) args(args value) (value, *apiError) {
	var err *apiError
	for _, f := range args.fields {
		v := f.value
		switch f.name {
		case "document", "replacement":
			v, err = w.document(v, 1)
		case "documents":
			v, err = w.documents(v)
		case "update":
			v, err = w.update(v)
		case "sort":
			v, err = w.sort(v)
		}
		if err != nil {
			return args, err
		}
		args = args.with(f.name, v)
	}
	return args, nil
}

// documents rewrites each document of an insertMany. The first bad one refuses the
// whole request, as in the Data API.
func (w rewriter) documents(list value) (value, *apiError) {
	items := make([]value, len(list.items))
	for i, d := range list.items {
		var err *apiError
		if items[i], err = w.document(d, i+1); err != nil {
			return list, err
		}
	}
	return arrayValue(items), nil
}

// document adds $vector beside $vectorize, after it has taken $hybrid apart. position
// counts from 1, for the message.
func (w rewriter) document(d value, position int) (value, *apiError) {
	if hybrid, has := d.get(hybridField); has {
		d = d.without(hybridField)
		text, words := hybridTexts(hybrid)
		if text.kind != kindNull {
			d = d.with(vectorizeField, text)
		}
		if words.kind != kindNull {
			d = d.with(lexicalField, words)
		}
	}
	text, has := d.get(vectorizeField)
	if !has {
		return d, nil
	}
	if _, both := d.get(vectorField); both {
		return d, bothVectors(position)
	}
	switch {
	case text.kind == kindNull || text.kind == kindString && strings.TrimSpace(text.text) == "":
		return d.with(vectorField, value{}), nil
	case text.kind != kindString:
		return d, errorf("INVALID_VECTORIZE_VALUE_TYPE", "$vectorize value needs to be text value: "+
			"issue in document at position %d, which has a %s.", position, text.typeName())
	}
	return d.with(vectorField, w.vector(text.text)), nil
}

// bothVectors refuses a document that brings a vector and a text to make one from.
func bothVectors(position int) *apiError {
	return errorf("INVALID_USAGE_OF_VECTORIZE", "'$vector' and '$vectorize' cannot be used together in same "+
		"document: issue in document at position %d.\n\nResend command with only '$vector' or '$vectorize'.", position)
}

// hybridTexts splits "text" or {"$vectorize": "text", "$lexical": "words"}.
func hybridTexts(v value) (text, words value) {
	if v.kind == kindString {
		return v, v
	}
	text, _ = v.get(vectorizeField)
	words, _ = v.get(lexicalField)
	return text, words
}

// update sets a vector with each text that it sets, and drops it with the text.
func (w rewriter) update(u value) (value, *apiError) {
	for _, f := range u.fields {
		switch f.name {
		case "$set", "$setOnInsert":
			set, err := w.document(f.value, 1)
			if err != nil {
				return u, err
			}
			u = u.with(f.name, set)
		case "$unset":
			if _, has := f.value.get(vectorizeField); has {
				u = u.with(f.name, f.value.with(vectorField, stringValue("")))
			}
		}
	}
	return u, nil
}

// sort turns a search by text into one by vector. $hybrid keeps its texts: the words
// are searched for, too.
func (w rewriter) sort(s value) (value, *apiError) {
	if text, has := s.get(vectorizeField); has && len(s.fields) == 1 {
		if text.kind != kindString || strings.TrimSpace(text.text) == "" {
			return s, badSort("if sorting by '$vectorize' value must be a non-blank String, not " + text.typeName())
		}
		return objectValue(field{vectorField, w.vector(text.text)}), nil
	}
	if hybrid, has := s.get(hybridField); has {
		text, words := hybridTexts(hybrid)
		if text.kind != kindString {
			return s, nil
		}
		return objectValue(field{hybridField, objectValue(field{vectorizeField, text},
			field{vectorField, w.vector(text.text)}, field{lexicalField, words})}), nil
	}
	return s, nil
}
