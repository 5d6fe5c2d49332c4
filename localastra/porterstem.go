package localastra

import "strings"

// suffixRule replaces one end of a word by another.
type suffixRule struct{ from, to string }

// porterStem cuts an English word in lower case to its stem, as M. F. Porter's "An
// algorithm for suffix stripping" (1980) defines it. Words with other letters stay.
func porterStem(word string) string {
	if len(word) < 3 || strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) >= 0 {
		return word
	}
	word = stemPlural(word)
	word = stemPast(word)
	if strings.HasSuffix(word, "y") && hasVowel(word[:len(word)-1]) {
		word = word[:len(word)-1] + "i"
	}
	word = replaceSuffix(word, 0, []suffixRule{{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"},
		{"anci", "ance"}, {"izer", "ize"}, {"abli", "able"}, {"alli", "al"}, {"entli", "ent"}, {"eli", "e"},
		{"ousli", "ous"}, {"ization", "ize"}, {"ation", "ate"}, {"ator", "ate"}, {"alism", "al"}, {"iveness", "ive"},
		{"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"}, {"iviti", "ive"}, {"biliti", "ble"}})
	word = replaceSuffix(word, 0, []suffixRule{{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
		{"ical", "ic"}, {"ful", ""}, {"ness", ""}})
	word = stemLast(word)
	return stemEnd(word)
}

// stemPlural is step 1a: sses, ies and s.
func stemPlural(word string) string {
	switch {
	case strings.HasSuffix(word, "sses"), strings.HasSuffix(word, "ies"):
		return word[:len(word)-2]
	case strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss"):
		return word[:len(word)-1]
	}
	return word
}

// stemPast is step 1b: eed, ed and ing.
func stemPast(word string) string {
	if stem, is := strings.CutSuffix(word, "eed"); is {
		if measure(stem) > 0 {
			return stem + "ee"
		}
		return word
	}
	stem, is := strings.CutSuffix(word, "ed")
	if !is {
		stem, is = strings.CutSuffix(word, "ing")
	}
	if !is || !hasVowel(stem) {
		return word
	}
	switch {
	case strings.HasSuffix(stem, "at"), strings.HasSuffix(stem, "bl"), strings.HasSuffix(stem, "iz"):
		return stem + "e"
	case doubleConsonant(stem) && !strings.ContainsAny(stem[len(stem)-1:], "lsz"):
		return stem[:len(stem)-1]
	case measure(stem) == 1 && endsShort(stem):
		return stem + "e"
	}
	return stem
}

// replaceSuffix applies the rule with the longest suffix of the word, if the rest has a
// measure above least.
func replaceSuffix(word string, least int, rules []suffixRule) string {
	longest := -1
	for i, r := range rules {
		if strings.HasSuffix(word, r.from) && (longest < 0 || len(r.from) > len(rules[longest].from)) {
			longest = i
		}
	}
	if longest < 0 {
		return word
	}
	if stem := strings.TrimSuffix(word, rules[longest].from); measure(stem) > least {
		return stem + rules[longest].to
	}
	return word
}

// stemLast is step 4: endings that go when enough is left.
func stemLast(word string) string {
	if stem, is := strings.CutSuffix(word, "ion"); is && stem != "" && strings.ContainsAny(stem[len(stem)-1:], "st") {
		if measure(stem) > 1 {
			return stem
		}
		return word
	}
	return replaceSuffix(word, 1, []suffixRule{{"al", ""}, {"ance", ""}, {"ence", ""}, {"er", ""}, {"ic", ""},
		{"able", ""}, {"ible", ""}, {"ant", ""}, {"ement", ""}, {"ment", ""}, {"ent", ""}, {"ou", ""}, {"ism", ""},
		{"ate", ""}, {"iti", ""}, {"ous", ""}, {"ive", ""}, {"ize", ""}})
}

// stemEnd is step 5: a last e, and one of two l.
func stemEnd(word string) string {
	if stem, is := strings.CutSuffix(word, "e"); is {
		if m := measure(stem); m > 1 || m == 1 && !endsShort(stem) {
			word = stem
		}
	}
	if strings.HasSuffix(word, "ll") && measure(word) > 1 {
		word = word[:len(word)-1]
	}
	return word
}

// consonant tells whether the letter at i is one: y is a vowel behind a consonant.
func consonant(word string, i int) bool {
	switch word[i] {
	case 'a', 'e', 'i', 'o', 'u':
		return false
	case 'y':
		return i == 0 || !consonant(word, i-1)
	}
	return true
}

// measure counts the changes from vowels to consonants.
func measure(word string) int {
	n := 0
	for i := 1; i < len(word); i++ {
		if consonant(word, i) && !consonant(word, i-1) {
			n++
		}
	}
	return n
}

// hasVowel tells whether any letter is a vowel.
func hasVowel(word string) bool {
	for i := range len(word) {
		if !consonant(word, i) {
			return true
		}
	}
	return false
}

// doubleConsonant tells whether the word ends with the same consonant twice.
func doubleConsonant(word string) bool {
	n := len(word)
	return n > 1 && word[n-1] == word[n-2] && consonant(word, n-1)
}

// endsShort tells whether the word ends with consonant, vowel, consonant, of which the
// last is not w, x or y.
func endsShort(word string) bool {
	n := len(word)
	return n > 2 && consonant(word, n-3) && !consonant(word, n-2) && consonant(word, n-1) &&
		!strings.ContainsAny(word[n-1:], "wxy")
}
