package embed_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"destination-astra/embed"
	"destination-astra/internal/effort"
)

// decoded returns the first number of a vector as the decoder reads it.
func decoded(t require.TestingT, number string) float32 {
	reply := `{"data":[{"index":0,"embedding":[` + number + `,1]}]}`
	vectors, _, err := embed.DecodeEmbeddings([]byte(reply), 1, 2)
	require.NoError(t, err, number)
	return vectors[0][0]
}

// requireNearest requires the float32 that strconv finds, to the bit.
func requireNearest(t require.TestingT, number string) {
	want, err := strconv.ParseFloat(number, 32)
	require.NoError(t, err)
	require.Equal(t, math.Float32bits(float32(want)), math.Float32bits(decoded(t, number)), number)
}

func TestFloatsAreTheNearest(t *testing.T) {
	for _, number := range []string{
		"0", "-0", "0.0", "-0.0", "1", "-1", "10", "0.1", "-0.006929283495992422", "0.0023064255",
		"16777217", "16777219", "1.00000005960464477539", "1.000000059604644775390625", // middles
		"9007199254740993", "0.9007199254740993", "12345678901234567890", "1.2345678901234567890123",
		"0.00000000000000000000001", "0.000000000000000000000000000000000000011754943508",
		"1e-45", "1.17549435e-38", "3.4028235e38", "123456789.123456789", "5e-324", "1E5", "1e+5",
	} {
		requireNearest(t, number)
	}
}

func TestFloatsAreTheNearestWhateverTheyAre(t *testing.T) {
	effort.Check(t, 1, func(t *rapid.T) {
		wide := rapid.Float64Range(-2, 2).Draw(t, "wide")
		digits := rapid.IntRange(-1, 20).Draw(t, "digits")
		requireNearest(t, strconv.FormatFloat(wide, 'f', digits, 64))
		narrow := rapid.Float32().Draw(t, "narrow")
		requireNearest(t, strconv.FormatFloat(float64(narrow), 'g', -1, 32))
		// The middle between two neighbours, and what is just beside it.
		next := math.Nextafter32(narrow, 4)
		middle := (float64(narrow) + float64(next)) / 2
		requireNearest(t, strconv.FormatFloat(middle, 'f', -1, 64))
		requireNearest(t, fmt.Sprintf("%.17f", middle))
	})
}
