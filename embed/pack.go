package embed

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// budget is how much one request may hold. Zero fields do not limit.
type budget struct {
	texts, tokens, bytes int
}

// packer decides how many texts go into a request, and learns from refusals. It is
// safe for concurrent use.
type packer struct {
	mu     sync.Mutex
	budget budget
}

// next returns how many of the leading pieces go into the next request: as many as
// the budget allows, and at least one, since a text that exceeds it alone can only
// be sent alone.
func (p *packer) next(pieces []piece) int {
	p.mu.Lock()
	b := p.budget
	p.mu.Unlock()
	bytes, tokens := 0, 0
	for i, piece := range pieces {
		bytes += len(piece.text)
		tokens += piece.tokens
		full := b.texts > 0 && i >= b.texts || b.bytes > 0 && bytes > b.bytes || b.tokens > 0 && tokens > b.tokens
		if full && i > 0 {
			return i
		}
	}
	return len(pieces)
}

// learn lowers the budget after the service refused a request of these pieces as too
// large. What the service says of its limit counts; without that it is half of what
// was sent.
func (p *packer) learn(e *Error, pieces []piece) {
	bytes, tokens := 0, 0
	for _, piece := range pieces {
		bytes += len(piece.text)
		tokens += piece.tokens
	}
	words := strings.ToLower(e.Code + " " + e.Message)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case strings.Contains(words, "token"):
		p.budget.tokens = lower(p.budget.tokens, scaled(words, tokens))
	case e.HTTPStatus == http.StatusRequestEntityTooLarge && !namesTexts(words):
		p.budget.bytes = lower(p.budget.bytes, bytes/2)
	default:
		p.budget.texts = lower(p.budget.texts, largestBelow(words, len(pieces)))
	}
}

// lower returns the tighter of two limits, where 0 limits nothing.
func lower(limit, to int) int {
	to = max(1, to)
	if limit == 0 {
		return to
	}
	return min(limit, to)
}

func namesTexts(words string) bool {
	for _, word := range []string{"batch", "inputs", "texts", "array"} {
		if strings.Contains(words, word) {
			return true
		}
	}
	return false
}

var numberPattern = regexp.MustCompile(`\d+`)

func numbersIn(words string) []int {
	var numbers []int
	for _, digits := range numberPattern.FindAllString(words, -1) {
		if n, err := strconv.Atoi(digits); err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// largestBelow returns the limit in a message such as "must be at most 96 - received
// 97": its largest number below what was sent, or half of what was sent.
func largestBelow(words string, sent int) int {
	limit := 0
	for _, n := range numbersIn(words) {
		if n < sent {
			limit = max(limit, n)
		}
	}
	if limit == 0 {
		return sent / 2
	}
	return limit
}

// scaled returns the limit in a message such as "requested 412000 tokens, max 300000"
// in our own count of the same texts, which may be an estimate; without two numbers
// it is half of our count.
func scaled(words string, ours int) int {
	least, most := 0, 0
	for _, n := range numbersIn(words) {
		if least == 0 || n < least {
			least = n
		}
		most = max(most, n)
	}
	// A limit below a tenth of what was sent is no limit, but a text's position.
	if least == most || least < most/10 {
		return ours / 2
	}
	return int(int64(ours) * int64(least) / int64(most))
}
