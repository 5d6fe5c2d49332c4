package effort

import (
	"flag"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

const (
	// seedVariable is the environment variable that takes another seed.
	seedVariable = "TEST_SEED"
	// usualSeed is what tests start from, so that one that fails has met a fault of the
	// commit at hand, and fails again when it is repeated.
	usualSeed = 20261121
	// rapidSeed is the flag that rapid reads its seed from; 0 asks it for a random one.
	rapidSeed = "rapid.seed"
)

// Seed is what a randomised test draws from: the same number in every run, or that of
// TEST_SEED, which is another number, or `random` for a new one with each call. The
// test's log names it, which go test prints when the test fails.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(usualSeed)
	switch text := os.Getenv(seedVariable); text {
	case "":
	case "random":
		seed = rand.Uint64()
	default:
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s=%q is neither a number nor the word random", seedVariable, text)
		}
	}
	t.Logf("%s=%d", seedVariable, seed)
	return seed
}

// Check has rapid look for what falsifies the property, each round among as many cases as
// its flags say, 100 unless they do. The cases come from [Seed], or from the flag
// -rapid.seed, which rapid names when a case fails, and which then makes the only round.
func Check(t *testing.T, rounds int, property func(*rapid.T)) {
	t.Helper()
	seeds := rand.New(rand.NewPCG(Seed(t), 0))
	if asked() {
		rounds = 1
	}
	for range rounds {
		check(t, seeds.Uint64(), property)
	}
}

// asked reports whether who runs the tests chose rapid's seed, not this package.
var asked = sync.OnceValue(func() bool { return flag.Lookup(rapidSeed).Value.String() != "0" })

// turn is for the one that writes rapid's flag, until rapid has read it.
var turn sync.Mutex

// check is rapid.Check with a seed. rapid has read its flag once it calls the property.
func check(t *testing.T, seed uint64, property func(*rapid.T)) {
	t.Helper()
	turn.Lock()
	unlock := sync.OnceFunc(turn.Unlock)
	defer unlock()
	if !asked() {
		if err := flag.Set(rapidSeed, strconv.FormatUint(seed, 10)); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		unlock()
		property(rt)
	})
}
