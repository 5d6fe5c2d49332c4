package embed

import (
	"net/http"
	"time"
)

// DecodeEmbeddings and DecodeCohere give the fuzz targets and the benchmarks the
// decoders alone.
var (
	DecodeEmbeddings = func(reply []byte, count, dimension int) ([]Vector, int64, error) {
		return decodeEmbeddings(reply, count, dimension, "")
	}
	DecodeCohere = decodeCohere
)

// CutText gives the property test the splitter alone.
func CutText(c Counter, text string, window int) []string { return cutText(c, text, window) }

// What reads a refusal and its headers, for the fuzz targets.
var (
	ParseErrorReply = parseErrorReply
	RetryAfter      = retryAfter
	ExhaustedReset  = exhaustedReset
)

// WaitForAllowance returns how long an amount of requests has to wait at a time, after one
// reply with the headers.
func WaitForAllowance(h http.Header, longest time.Duration, at time.Time, pending int) func(time.Time, int) time.Duration {
	a := &allowance{longest: longest}
	a.observe(at, h, "Requests", pending)
	return a.wait
}
