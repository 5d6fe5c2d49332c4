package document

// mover takes the strings out of a document that are too long for its index. What it changes it
// copies, because two selected fields may share a part of the record.
type mover struct {
	long value // the object stored as _ab_long
	path []string
}

// fields returns the fields without the strings that are too long where they stand.
func (m *mover) fields(fields []member, root place) []member {
	v := m.container(value{kind: kindObject, children: fields}, root)
	return v.children
}

func (m *mover) container(v value, at place) value {
	children := make([]member, 0, len(v.children))
	for i, child := range v.children {
		below := at
		if v.kind == kindObject {
			below = at.under(child.name)
		}
		m.path = append(m.path, v.segment(i))
		switch {
		case child.value.isContainer():
			child.value = m.container(child.value, below)
			children = append(children, child)
		case child.value.kind != kindString || len(child.value.text) <= MaxIndexedStringBytes || !below.indexed:
			children = append(children, child)
		default:
			insert(&m.long, m.path, child.value)
			if v.kind == kindArray { // the elements after it keep their positions
				children = append(children, member{})
			}
		}
		m.path = m.path[:len(m.path)-1]
	}
	v.children = children
	return v
}

// insert puts v at the path in an object, making the objects on the way.
func insert(object *value, path []string, v value) {
	for {
		object.kind = kindObject
		at := indexOf(object.children, path[0])
		if at < 0 {
			at = len(object.children)
			object.children = append(object.children, member{name: path[0]})
		}
		if len(path) == 1 {
			object.children[at].value = v
			return
		}
		object, path = &object.children[at].value, path[1:]
	}
}
