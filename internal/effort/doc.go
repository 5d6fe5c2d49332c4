// Package effort says how much the tests try: those that search many points (of a crash, of a
// random failure) ask it how many. TEST_EFFORT is low, high, or not set.
package effort
