package document

import "strings"

// Indexing says which fields of the collection are indexed: those under a path of Allow, or all
// but those under a path of Deny, as in the collection's own options. "*" alone means every
// field. In a path a dot separates names, "&." is a dot and "&&" an ampersand within one. The
// zero value is a collection that indexes everything.
type Indexing struct {
	Allow, Deny []string
}

// indexNode is a name in the listed paths. A nil node is not on any of them.
type indexNode struct {
	children map[string]*indexNode
	listed   bool // a path ends here
}

// place is where a value stands in regard to the index.
type place struct {
	node    *indexNode
	indexed bool
}

// compile returns the place of the root.
func (x Indexing) compile() place {
	switch {
	case len(x.Allow) == 1 && x.Allow[0] == "*":
		return place{indexed: true}
	case len(x.Allow) > 0:
		return place{node: newIndexNode(x.Allow)}
	case len(x.Deny) == 1 && x.Deny[0] == "*":
		return place{}
	case len(x.Deny) > 0:
		return place{node: newIndexNode(x.Deny), indexed: true}
	default:
		return place{indexed: true}
	}
}

func newIndexNode(paths []string) *indexNode {
	root := &indexNode{}
	for _, path := range paths {
		node := root
		for _, name := range splitIndexPath(path) {
			next := node.children[name]
			if next == nil {
				next = &indexNode{}
				if node.children == nil {
					node.children = map[string]*indexNode{}
				}
				node.children[name] = next
			}
			node = next
		}
		node.listed = true
	}
	return root
}

func splitIndexPath(path string) []string {
	var names []string
	var name strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '.':
			names = append(names, name.String())
			name.Reset()
		case path[i] == '&' && i+1 < len(path) && (path[i+1] == '.' || path[i+1] == '&'):
			i++
			name.WriteByte(path[i])
		default:
			name.WriteByte(path[i])
		}
	}
	return append(names, name.String())
}

// under returns the place of the member with that name. An array's elements stand where the
// array does: indexes are not part of a path.
func (p place) under(name string) place {
	if p.node == nil {
		return p
	}
	next := p.node.children[name]
	switch {
	case next == nil:
		return place{indexed: p.indexed}
	case next.listed:
		return place{indexed: !p.indexed}
	default:
		return place{node: next, indexed: p.indexed}
	}
}

// counts reports whether a value here counts against the limits of what is indexed: a container
// on the way to an allowed path does, a plain value there does not.
func (p place) counts(v value) bool {
	return p.indexed || (p.node != nil && v.isContainer())
}

// Indexes reports whether a filter may name this top-level field.
func (x Indexing) Indexes(field string) bool { return x.compile().under(field).indexed }
