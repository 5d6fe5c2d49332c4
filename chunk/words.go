package chunk

import "strings"

// The functions below cut text into words, the units of byte-pair encoding. Each
// returns the length of the first word of a text that is not empty. They match
// what the regular expressions of tiktoken 0.9 match, which are quoted; Go's
// regexp has no lookahead and is slow.

// nextGPT2 matches
//
//	'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s
func nextGPT2(text string) int {
	if n := contraction(text, false); n > 0 {
		return n
	}
	i := 0
	kind, n := classOf(text)
	if text[0] == ' ' && len(text) > 1 {
		if behind, m := classOf(text[1:]); behind&space == 0 {
			i, kind, n = 1, behind, m
		}
	}
	if kind&space != 0 {
		return nextSpace(text)
	}
	return run(text, i+n, kind&(letter|number|other))
}

// nextCL100K matches
//
//	'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+
//	| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s
func nextCL100K(text string) int {
	if n := contraction(text, true); n > 0 {
		return n
	}
	first, n := classOf(text)
	start := 0
	if first&(letter|number|newline) == 0 {
		start = n
	}
	if end := run(text, start, letter); end > start {
		return end
	}
	if first&number != 0 {
		return digits(text)
	}
	if end := punctuation(text); end > 0 {
		return run(text, end, newline)
	}
	if run(text, 0, space) == len(text) {
		return len(text)
	}
	if end := lastNewline(text); end > 0 {
		return end
	}
	return nextSpace(text)
}

// nextO200K matches
//
//	[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//	|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//	|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
func nextO200K(text string) int {
	if end := casedWord(text); end > 0 {
		return end + contraction(text[end:], true)
	}
	if first, _ := classOf(text); first&number != 0 {
		return digits(text)
	}
	if end := punctuation(text); end > 0 {
		for end < len(text) && strings.IndexByte("\r\n/", text[end]) >= 0 {
			end++
		}
		return end
	}
	if end := lastNewline(text); end > 0 {
		return end
	}
	return nextSpace(text)
}

// casedWord returns the end of a word that starts with one leading character
// that is none of a word, or without, and changes at most once from upper to
// lower case; 0 when there is none.
func casedWord(text string) int {
	first, n := classOf(text)
	if first&(letter|number|newline) != 0 {
		n = 0
	}
	if end := lowerWord(text, n); end > 0 {
		return end
	}
	if end := lowerWord(text, 0); end > 0 {
		return end
	}
	if end := run(text, n, upper); end > n {
		return end
	}
	return run(text, 0, upper)
}

// lowerWord returns the end of the longest upper characters and at least one
// lower character from start on; 0 when there is none. Characters without case
// are both, so the last one gives way when nothing lower follows.
func lowerWord(text string, start int) int {
	end := 0
	for i := start; i < len(text); {
		c, n := classOf(text[i:])
		if c&upper == 0 {
			if c&lower != 0 {
				return run(text, i, lower)
			}
			break
		}
		i += n
		if c&lower != 0 {
			end = i
		}
	}
	return end
}

// run returns the end of the characters of a class in want from start on.
func run(text string, start int, want class) int {
	for start < len(text) {
		c, n := classOf(text[start:])
		if c&want == 0 {
			break
		}
		start += n
	}
	return start
}

// contraction returns the length of the English ending ('s, 'll) that text
// starts with, or 0; in any case when fold is set.
func contraction(text string, fold bool) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	if fold && strings.HasPrefix(text[1:], "ſ") {
		return 1 + len("ſ") // the long s folds to s
	}
	var ending [2]byte
	copy(ending[:], text[1:])
	if fold {
		ending[0] |= 'a' - 'A'
		ending[1] |= 'a' - 'A'
	}
	switch ending[0] {
	case 's', 'd', 'm', 't':
		return 2
	}
	switch string(ending[:]) {
	case "ll", "ve", "re":
		return 3
	}
	return 0
}

// digits returns the end of the up to three numbers that text starts with.
func digits(text string) int {
	end := 0
	for range 3 {
		c, n := classOf(text[end:])
		if c&number == 0 {
			break
		}
		end += n
	}
	return end
}

// punctuation returns the end of what is neither space, letter nor number at the
// start of text, a blank before it included; 0 when there is none.
func punctuation(text string) int {
	start := 0
	if text[0] == ' ' {
		start = 1
	}
	if end := run(text, start, other); end > start {
		return end
	}
	return 0
}

// lastNewline returns the end of the last line break in the white space that
// text starts with, or 0.
func lastNewline(text string) int {
	return strings.LastIndexAny(text[:run(text, 0, space)], "\r\n") + 1
}

// nextSpace returns the end of the white space that text starts with. The last
// character stays for the word behind, unless it is the only one.
func nextSpace(text string) int {
	end, last := 0, 0
	for end < len(text) {
		c, n := classOf(text[end:])
		if c&space == 0 {
			break
		}
		last = end
		end += n
	}
	if end < len(text) && last > 0 {
		return last
	}
	return end
}
