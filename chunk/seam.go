package chunk

import "strings"

// seams says where an encoding cuts white space between two words in any case.
type seams func(space, behind string) (at int, ok bool)

// beforeSpace is the seam of gpt2: none of its words goes on behind what is not white space with white space.
func beforeSpace(string, string) (at int, ok bool) { return 0, true }

// behindNewlines is the seam of cl100k_base: line breaks belong to the word before them, other white space
// to the word behind.
func behindNewlines(space, _ string) (at int, ok bool) {
	return strings.LastIndexAny(space, "\r\n") + 1, true
}

// behindNewlinesButSlash is the seam of o200k_base, where a slash behind line breaks goes on with their word.
func behindNewlinesButSlash(space, behind string) (at int, ok bool) {
	at, _ = behindNewlines(space, behind)
	return at, !(at == len(space) && strings.HasPrefix(behind, "/"))
}

// seam implements the stable splitter's seamer.
func (t *Tokenizer) seam(text string, size int) (at int, ok bool) {
	return t.seams(text[:size], text[size:])
}
