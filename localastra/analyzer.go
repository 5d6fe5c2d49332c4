package localastra

import (
	"slices"
	"strings"
	"unicode"
)

// analyzer cuts a text into the words by which $lexical finds it. The zero value is
// "keyword": the whole text is one word, as it is.
type analyzer struct {
	// within tells which characters a word is made of; nil means all.
	within func(rune) bool
	lower  bool
	stop   bool // English words that say nothing are left out
	stem   bool // English words are cut to their stem
}

// namedAnalyzers are those that createCollection takes by name. The ones for other
// languages are treated as "standard": this server knows the words of English only.
var namedAnalyzers = map[string]analyzer{
	"standard":   {within: wordRune, lower: true},
	"simple":     {within: unicode.IsLetter, lower: true},
	"whitespace": {within: notSpace},
	"stop":       {within: unicode.IsLetter, lower: true, stop: true},
	"lowercase":  {lower: true},
	"keyword":    {},
	"english":    {within: wordRune, lower: true, stop: true, stem: true},
}

// wordRune is what the tokenizer "standard" makes words of.
func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// notSpace is what the tokenizer "whitespace" makes words of.
func notSpace(r rune) bool { return !unicode.IsSpace(r) }

// newAnalyzer reads what createCollection was given: a name, or a tokenizer with
// filters. What it does not know has no effect.
func newAnalyzer(v value) analyzer {
	if v.kind != kindObject {
		if a, known := namedAnalyzers[strings.ToLower(v.text)]; known {
			return a
		}
		return namedAnalyzers["standard"]
	}
	a := analyzer{within: wordRune}
	tokenizer, _ := v.get("tokenizer")
	switch componentName(tokenizer) {
	case "whitespace":
		a.within = notSpace
	case "letter", "lowercase":
		a.within = unicode.IsLetter
		a.lower = componentName(tokenizer) == "lowercase"
	case "keyword":
		a.within = nil
	}
	filters, _ := v.get("filters")
	for _, filter := range filters.items {
		switch componentName(filter) {
		case "lowercase":
			a.lower = true
		case "stop":
			a.stop = true
		case "porterstem", "snowballporter", "kstem", "englishminimalstem":
			a.stem = true
		}
	}
	return a
}

// componentName is the name of a tokenizer or filter, which comes as {"name": ...} or as
// the bare name.
func componentName(v value) string {
	if name, has := v.get("name"); has {
		return strings.ToLower(name.text)
	}
	return strings.ToLower(v.text)
}

// words cuts a text. Words keep the order of the text and may repeat.
func (a analyzer) words(text string) []string {
	if a.lower {
		text = strings.ToLower(text)
	}
	list := []string{text}
	if a.within != nil {
		list = strings.FieldsFunc(text, func(r rune) bool { return !a.within(r) })
	}
	if a.stop {
		list = slices.DeleteFunc(list, isStopWord)
	}
	if a.stem {
		for i, w := range list {
			list[i] = porterStem(w)
		}
	}
	return list
}

// isStopWord tells whether a word is on Lucene's list of English stop words.
func isStopWord(word string) bool {
	switch word {
	case "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not",
		"of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will",
		"with":
		return true
	}
	return false
}
