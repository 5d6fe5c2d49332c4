package connector

import (
	"math"

	"destination-astra/document"
	"destination-astra/internal/quote"
)

// LengthCount says how many chunks have more than From and at most To tokens.
type LengthCount struct {
	From   int   `json:"from"`
	To     int   `json:"to"`
	Chunks int64 `json:"chunks"`
}

// lengthCounts count chunks by the power of two that their tokens do not exceed.
type lengthCounts [32]int64

func (l *lengthCounts) add(tokens int) {
	exponent := 0
	if tokens > 1 {
		exponent = int(math.Ceil(math.Log2(float64(tokens))))
	}
	l[exponent]++
}

// list leaves out the ranges without chunks.
func (l *lengthCounts) list() []LengthCount {
	all := []LengthCount{}
	for exponent, n := range l {
		if n == 0 {
			continue
		}
		from := 1 << exponent / 2
		if exponent == 0 {
			from = 0
		}
		all = append(all, LengthCount{From: from, To: 1 << exponent, Chunks: n})
	}
	return all
}

// Limits of what a plan tells of rejected records.
const (
	maxRejectReasons  = 20
	maxRejectExamples = 3
)

// RejectReason is why records would be rejected, with the first of them.
type RejectReason struct {
	Field     string   `json:"field,omitempty"`
	Reason    string   `json:"reason"`
	Records   int64    `json:"records"`
	RecordIDs []string `json:"record_ids,omitempty"`
}

// rejectReasons group rejected records. After [maxRejectReasons] reasons further ones
// share one entry.
type rejectReasons struct{ list []RejectReason }

func (r *rejectReasons) add(reject *document.RejectError) {
	at := r.find(quote.Brief(reject.Field), reject.Reason)
	one := &r.list[at]
	one.Records++
	if reject.RecordID != "" && len(one.RecordIDs) < maxRejectExamples {
		one.RecordIDs = append(one.RecordIDs, quote.Brief(reject.RecordID))
	}
}

// find returns the index of the reason's entry.
func (r *rejectReasons) find(field, reason string) int {
	for i, one := range r.list {
		if one.Field == field && one.Reason == reason {
			return i
		}
	}
	if len(r.list) > maxRejectReasons {
		return len(r.list) - 1
	}
	if len(r.list) == maxRejectReasons {
		field, reason = "", "other reasons"
	}
	r.list = append(r.list, RejectReason{Field: field, Reason: reason})
	return len(r.list) - 1
}
