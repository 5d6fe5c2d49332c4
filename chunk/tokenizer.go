package chunk

import (
	"fmt"
	"sync"

	"github.com/tiktoken-go/tokenizer/codec"
)

// Tokenizer counts and encodes text with a byte-pair encoding of OpenAI,
// token for token as tiktoken 0.9 does. The names of special tokens, such as
// <|endoftext|>, are plain text to it. It is safe for concurrent use.
type Tokenizer struct {
	next    func(text string) int // length of the first word of text, which is not empty
	ranks   map[string]uint32     // IDs of the tokens: a lower one is merged first
	buffers sync.Pool             // of *merges
}

// NewTokenizer returns the encoding called name: "gpt2" or "r50k_base", which
// are the same, "cl100k_base" or "o200k_base". It returns an error for any
// other name. The first one of an encoding takes some 10 ms and 10 MB; later ones
// share its vocabulary.
func NewTokenizer(name string) (*Tokenizer, error) {
	t := &Tokenizer{buffers: sync.Pool{New: func() any { return new(merges) }}}
	switch name {
	case "gpt2", "r50k_base":
		t.next, t.ranks = nextGPT2, gpt2Ranks()
	case "cl100k_base":
		t.next, t.ranks = nextCL100K, cl100kRanks()
	case "o200k_base":
		t.next, t.ranks = nextO200K, o200kRanks()
	default:
		return nil, fmt.Errorf("chunk: tokenizer %q is not gpt2, cl100k_base or o200k_base", name)
	}
	return t, nil
}

// The vocabularies never change and are large, so a process loads each at most once.
var (
	gpt2Ranks   = sync.OnceValue(func() map[string]uint32 { return loadRanks(codec.NewR50kBase()) })
	cl100kRanks = sync.OnceValue(func() map[string]uint32 { return loadRanks(codec.NewCl100kBase()) })
	o200kRanks  = sync.OnceValue(func() map[string]uint32 { return loadRanks(codec.NewO200kBase()) })
)

// loadRanks returns the tokens of c. Only its vocabulary is used: its own
// scanner takes "\n \na" apart otherwise than tiktoken in cl100k_base.
func loadRanks(c *codec.Codec) map[string]uint32 {
	ranks := make(map[string]uint32, 1<<16)
	for id := uint(0); ; id++ {
		token, err := c.Decode([]uint{id})
		if err != nil {
			return ranks // IDs have no gaps
		}
		ranks[token] = uint32(id)
	}
}

// Count returns the number of tokens in text: len(t.Encode(text)), without
// building it.
func (t *Tokenizer) Count(text string) int {
	m := t.buffers.Get().(*merges)
	defer t.buffers.Put(m)
	count := 0
	for len(text) > 0 {
		n := t.next(text)
		if _, ok := t.ranks[text[:n]]; ok {
			count++
		} else {
			count += len(m.ends(t.ranks, text[:n]))
		}
		text = text[n:]
	}
	return count
}

// Encode returns the IDs of the tokens of text. Their bytes, joined, are text,
// also where it is not UTF-8.
func (t *Tokenizer) Encode(text string) []int {
	m := t.buffers.Get().(*merges)
	defer t.buffers.Put(m)
	var ids []int
	for len(text) > 0 {
		n := t.next(text)
		if id, ok := t.ranks[text[:n]]; ok {
			ids = append(ids, int(id))
		} else {
			start := int32(0)
			for _, end := range m.ends(t.ranks, text[:n]) {
				ids = append(ids, int(t.ranks[text[start:end]]))
				start = end
			}
		}
		text = text[n:]
	}
	return ids
}
