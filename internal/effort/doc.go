// Package effort says how much the tests try, and from where they start: those that search
// many points (of a crash, of a random failure) ask it how many, by TEST_EFFORT, which is
// low, high, or not set; those that draw at random ask it for the seed, by TEST_SEED.
package effort
