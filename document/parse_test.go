package document_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
)

// TestRecordsThatEndTooSoon, at any byte, are errors of the input: none is stored in part, and none is taken for
// a record that may be skipped.
func TestRecordsThatEndTooSoon(t *testing.T) {
	const whole = `{"a":"é\u00e9\ud83d\udea2\n","b":[1.5e-3,-0,true,false,null,{"c":"x"},[]],"d":{}}`
	builder := newBuilder(t, document.Options{})
	build(t, builder, appending("s"), whole)
	for i := range len(whole) {
		_, err := builder.Build(appending("s"), data(whole[:i]))
		require.Error(t, err, whole[:i])
		var reject *document.RejectError
		require.NotErrorAs(t, err, &reject, whole[:i])
	}
}
