package embed

import (
	"math"
	"unicode/utf8"
)

// piece is a text as it is sent: one of Embed's, or a part of one.
type piece struct {
	text   string
	tokens int
	of     int // the position among Embed's texts
}

// estimator counts tokens without a tokenizer. English has some 4 bytes a token and
// Chinese 2.5, so three bytes a token is high for the one and low for the other.
type estimator struct{}

// Count implements Counter.
func (estimator) Count(text string) int { return len(text)/3 + 1 }

// cutText cuts a text into parts of at most window tokens, each as long as possible,
// as the Python connector does. The parts joined are the text, and no character is
// cut in two.
func cutText(counter Counter, text string, window int) []string {
	var parts []string
	for len(text) > window && counter.Count(text) > window {
		end := fitting(counter, text, window)
		if end == len(text) { // one character of more tokens than that
			break
		}
		parts = append(parts, text[:end])
		text = text[end:]
	}
	return append(parts, text)
}

// fitting returns the length of the longest head of text that counts at most window
// tokens. The whole text counts more. The head has at least one character.
func fitting(counter Counter, text string, window int) int {
	low, high := 0, len(text) // a head of low bytes fits, and one of high does not
	guess := min(len(text)/2, 4*window)
	for {
		mid := runeStart(text, guess)
		if mid <= low {
			mid = nextRune(text, low)
		}
		if mid >= high {
			break
		}
		if n := counter.Count(text[:mid]); n <= window {
			low = mid
			// Nearly full: tokens have a few bytes each, so go on from here.
			guess = min(low+max(1, (window-n)*low/max(n, 1)), (low+high+1)/2)
			if n == window {
				guess = low + min(16, (high-low+1)/2)
			}
		} else {
			high = mid
			guess = max(low+(high-low)/2, high-(n-window)*high/n-8)
		}
	}
	if low == 0 {
		return nextRune(text, 0)
	}
	return low
}

// runeStart returns the start of the character that holds the byte at pos.
func runeStart(text string, pos int) int {
	for pos > 0 && pos < len(text) && !utf8.RuneStart(text[pos]) {
		pos--
	}
	return pos
}

func nextRune(text string, pos int) int {
	_, size := utf8.DecodeRuneInString(text[pos:])
	return pos + size
}

// average returns the mean of the parts' vectors, weighted by their tokens and of unit
// length. An opposite pair of vectors has none.
func average(vectors []Vector, parts []piece) (Vector, *Error) {
	sum := make([]float64, len(vectors[0]))
	for i, v := range vectors {
		weight := float64(max(1, parts[i].tokens))
		for j, f := range v {
			sum[j] += weight * float64(f)
		}
	}
	var square float64
	for _, f := range sum {
		square += f * f
	}
	length := math.Sqrt(square)
	if length == 0 || math.IsInf(length, 0) {
		return nil, &Error{Message: "the vectors of a long text's parts have no mean", fault: faultVector}
	}
	mean := make(Vector, len(sum))
	for j, f := range sum {
		mean[j] = float32(f / length)
	}
	return mean, nil
}
