package embed

import (
	"context"
	"math"
)

// Size and fingerprint of Fake's vectors. Whoever changes a single bit of a vector
// must raise the version in the fingerprint: stored vectors are compared with new ones.
const (
	fakeDimension   = 1536
	fakeFingerprint = "fake/hashed-words-ngrams-v1/1536"
)

// Fake embeds without a service: a vector is a hashed bag of the text's words and of
// their character trigrams. Texts that share words are near each other, texts that
// share parts of words a little, and meaning plays no part. Vectors have 1536
// dimensions and unit length; they are the same on every machine and in every
// version with the same fingerprint. Its zero value is ready to use.
type Fake struct{}

var _ Embedder = (*Fake)(nil)

// NewFake returns a Fake.
func NewFake() *Fake { return &Fake{} }

// Dimension implements Embedder: 1536.
func (*Fake) Dimension() int { return fakeDimension }

// Fingerprint implements Embedder.
func (*Fake) Fingerprint() string { return fakeFingerprint }

// Embed implements Embedder. It fails only when ctx has ended. A text without a word
// gets a vector too, the same for all such texts.
func (*Fake) Embed(ctx context.Context, texts []string) ([]Vector, error) {
	vectors := make([]Vector, len(texts))
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		vectors[i] = fakeVector(text)
	}
	return vectors, nil
}

// fakeVector counts the text's features in integers. Only a division and a square
// root, which IEEE 754 rounds in one way, follow: no processor computes other vectors.
func fakeVector(text string) Vector {
	var b bag
	b.addText(text)
	total := b.total()
	if total == 0 { // no features, or all cancel out
		b.add(mix(wordSeed), 1)
		total = 1
	}
	vector := make(Vector, fakeDimension)
	for i, weight := range b {
		if weight > 0 {
			vector[i] = float32(math.Sqrt(float64(weight) / float64(total)))
		} else if weight < 0 {
			vector[i] = -float32(math.Sqrt(float64(-weight) / float64(total)))
		}
	}
	return vector
}
