package chunk

import "math"

// merges is the working memory of one byte-pair encoding. Its slices keep
// their capacity from word to word.
type merges struct {
	parts []part
	queue []candidate
	out   []int32
}

// part is a token in the making, at the index of its first byte. The parts of a
// word form a list in both directions; len(word) ends it.
type part struct {
	prev, end int32  // start of the part before (-1: none), start of the part behind
	rank      uint32 // of this part joined with the one behind, or unmergeable
}

// candidate is a join: the rank of its token in the upper half, where it starts
// in the lower. So the smallest is the one to do first, the leftmost of equals.
type candidate uint64

// unmergeable is the rank of a join that is no token.
const unmergeable = math.MaxUint32

// ends returns where the tokens of word end. It joins the two neighbours that
// form the token of the lowest rank, again and again, from single bytes on. The
// slice is valid until the next call. It takes n log n steps for n bytes.
func (m *merges) ends(ranks map[string]uint32, word string) []int32 {
	m.start(ranks, word)
	for len(m.queue) > 0 {
		c := m.pop()
		rank, at := uint32(c>>32), int32(uint32(c))
		if m.parts[at].rank != rank {
			continue // one of the two has been joined with another since
		}
		behind := m.parts[at].end
		end := m.parts[behind].end
		m.parts[behind].rank = unmergeable
		m.parts[at].end = end
		if int(end) < len(word) {
			m.parts[end].prev = at
		}
		m.offer(ranks, word, at)
		if prev := m.parts[at].prev; prev >= 0 {
			m.offer(ranks, word, prev)
		}
	}
	m.out = m.out[:0]
	for at := int32(0); int(at) < len(word); at = m.parts[at].end {
		m.out = append(m.out, m.parts[at].end)
	}
	return m.out
}

// start makes each byte of word a part and queues every join.
func (m *merges) start(ranks map[string]uint32, word string) {
	m.parts, m.queue = m.parts[:0], m.queue[:0]
	for i := range len(word) {
		m.parts = append(m.parts, part{prev: int32(i) - 1, end: int32(i) + 1})
	}
	for i := range len(word) {
		m.offer(ranks, word, int32(i))
	}
}

// offer ranks the join of the part at start with the one behind and queues it.
func (m *merges) offer(ranks map[string]uint32, word string, start int32) {
	p := &m.parts[start]
	p.rank = unmergeable
	if int(p.end) == len(word) {
		return
	}
	if rank, ok := ranks[word[start:m.parts[p.end].end]]; ok {
		p.rank = rank
		m.push(candidate(rank)<<32 | candidate(start))
	}
}

// push adds c to the queue, a binary heap.
func (m *merges) push(c candidate) {
	m.queue = append(m.queue, c)
	i := len(m.queue) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if m.queue[parent] <= c {
			break
		}
		m.queue[i] = m.queue[parent]
		i = parent
	}
	m.queue[i] = c
}

// pop takes the smallest candidate from the queue.
func (m *merges) pop() candidate {
	top, n := m.queue[0], len(m.queue)-1
	last := m.queue[n]
	m.queue = m.queue[:n]
	i := 0
	for {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && m.queue[child+1] < m.queue[child] {
			child++
		}
		if last <= m.queue[child] {
			break
		}
		m.queue[i] = m.queue[child]
		i = child
	}
	if n > 0 {
		m.queue[i] = last
	}
	return top
}
