package localastra

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Parameters of BM25 as Lucene sets them, which Astra DB's analysed indexes follow.
const (
	bm25K1 = 1.2
	bm25B  = 0.75
)

// lexicalIndex ranks documents by the words of their $lexical field. It is built in
// memory on first use and takes about as much as the texts themselves.
type lexicalIndex struct {
	analyzer analyzer
	postings map[string]map[uint64]int // word to document to its number of occurrences
	lengths  map[uint64]int            // document to its number of words
	total    int                       // sum of lengths
}

// newLexicalIndex makes an empty index; build fills it.
func newLexicalIndex(a analyzer) *lexicalIndex {
	return &lexicalIndex{analyzer: a, postings: map[string]map[uint64]int{}, lengths: map[uint64]int{}}
}

// lexicalText is the searchable text of a document; empty when it has none.
func lexicalText(document value) string {
	v, _ := document.get(lexicalField)
	if v.kind != kindString {
		return ""
	}
	return v.text
}

// add counts the words of a document. One without words is not in the index, and does
// not lower the average length.
func (x *lexicalIndex) add(seq uint64, document value) {
	list := x.analyzer.words(lexicalText(document))
	if len(list) == 0 {
		return
	}
	x.lengths[seq] = len(list)
	x.total += len(list)
	for _, w := range list {
		if x.postings[w] == nil {
			x.postings[strings.Clone(w)] = map[uint64]int{}
		}
		x.postings[w][seq]++
	}
}

// remove takes a document out again. It needs the text that was added, since postings
// do not list their documents' words.
func (x *lexicalIndex) remove(seq uint64, document value) {
	x.total -= x.lengths[seq]
	delete(x.lengths, seq)
	for _, w := range x.analyzer.words(lexicalText(document)) {
		delete(x.postings[w], seq)
		if len(x.postings[w]) == 0 {
			delete(x.postings, w)
		}
	}
}

// best returns the limit documents with the highest BM25 score among those that have
// at least one word of the query, of all documents or of some.
func (x *lexicalIndex) best(query string, limit int, among selection) []scored {
	scores := map[uint64]float64{}
	asked := x.analyzer.words(query)
	slices.Sort(asked)
	for _, w := range slices.Compact(asked) {
		x.score(x.postings[w], scores)
	}
	hits := make([]scored, 0, len(scores))
	for seq, score := range scores {
		if among.has(seq) {
			hits = append(hits, scored{seq, float32(score)})
		}
	}
	slices.SortFunc(hits, compareScored)
	return hits[:min(limit, len(hits))]
}

// score adds what one word is worth to each document that has it. Rare words count
// more, and words in short texts. A word that is everywhere still counts a little, so
// one-word searches always rank.
func (x *lexicalIndex) score(posting map[uint64]int, scores map[uint64]float64) {
	documents, having := float64(len(x.lengths)), float64(len(posting))
	idf := math.Log(1 + (documents-having+0.5)/(having+0.5))
	average := float64(x.total) / cmp.Or(documents, 1)
	for seq, n := range posting {
		tf := float64(n)
		scores[seq] += idf * tf * (bm25K1 + 1) / (tf + bm25K1*(1-bm25B+bm25B*float64(x.lengths[seq])/average))
	}
}

// hasWords is the filter operator $match: all words, in any order.
func (a analyzer) hasWords(text string, wanted []string) bool {
	have := a.words(text)
	for _, w := range wanted {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

// lexicalDisabled is the answer to any use of $lexical in a collection without it.
func (c *collection) lexicalDisabled() *apiError {
	return errorf("LEXICAL_NOT_ENABLED_FOR_COLLECTION", "Lexical content can only be added and filtering and "+
		"sort only be used on collections for which Lexical feature is enabled.\nThe collection %s.%s does not "+
		"have Lexical feature enabled.", c.keyspace, c.name)
}

// checkLexical checks the $lexical field of a document: a string, or null for none.
func (c *collection) checkLexical(document value) *apiError {
	v, has := document.get(lexicalField)
	switch {
	case !has || v.kind == kindNull:
		return nil
	case !c.options.lexicalEnabled():
		return c.lexicalDisabled()
	case v.kind != kindString:
		return errorf("SHRED_BAD_DOCUMENT_LEXICAL_TYPE", "Bad type for '$lexical' field: the value for field "+
			"'$lexical' must be a JSON String, not a JSON %s.", v.typeName())
	}
	return nil
}
