// Package chunk cuts text into pieces that an embedding model can take.
//
// A [Splitter] behaves like the recursive character splitter of LangChain as
// Airbyte's vector destinations configure it, piece for piece, so that changing
// connectors does not change what is stored: it cuts at the coarsest separator
// that occurs in the text, cuts what is still too long at the next finer one,
// and merges neighbours again until a piece has no room left. Neighbouring
// pieces may share an overlap.
//
// Mode [Stable] is our own: it cuts where the text around prefers it, so that an edit moves only the cuts
// near it, and keeps to its size.
//
// Sizes are tokens, counted by a [Counter]. A [Tokenizer] is the counter for
// the byte-pair encodings of OpenAI; "gpt2" is the one Airbyte counts with,
// whatever the embedding model.
//
// The package is pure: no input, no output, no state that survives a call.
package chunk
