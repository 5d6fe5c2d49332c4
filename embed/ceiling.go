package embed

import "time"

// minute is what the ceilings per minute count over.
const minute = time.Minute

// ceiling is a user's limit on what is used in any 60 seconds. It remembers each use
// for that long, so it is exact and still lets a burst through at the start. Its zero
// value limits nothing. It is guarded by the pace that holds it.
type ceiling struct {
	limit int
	sum   int
	uses  []*use // the oldest first
}

// use is what one request took.
type use struct {
	at     time.Time
	amount int
}

// wait returns how long an amount has to wait. An amount above the limit waits until
// nothing else counts.
func (c *ceiling) wait(now time.Time, amount int) time.Duration {
	if c.limit == 0 {
		return 0
	}
	for len(c.uses) > 0 && now.Sub(c.uses[0].at) >= minute {
		c.sum -= c.uses[0].amount
		c.uses = c.uses[1:]
	}
	freed := 0
	var until time.Time
	for _, u := range c.uses {
		if c.sum-freed+amount <= c.limit {
			break
		}
		freed += u.amount
		until = u.at.Add(minute)
	}
	return max(0, until.Sub(now))
}

// take counts an amount; nil when there is no limit.
func (c *ceiling) take(now time.Time, amount int) *use {
	if c.limit == 0 {
		return nil
	}
	u := &use{at: now, amount: amount}
	c.uses = append(c.uses, u)
	c.sum += amount
	return u
}

// correct replaces an estimate by what the service has counted.
func (c *ceiling) correct(u *use, amount int) {
	if u == nil || len(c.uses) == 0 || u.at.Before(c.uses[0].at) {
		return // no longer counted
	}
	c.sum += amount - u.amount
	u.amount = amount
}
