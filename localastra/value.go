package localastra

import "strings"

// kind is the JSON type of a value.
type kind uint8

const (
	kindNull kind = iota
	kindFalse
	kindTrue
	kindNumber
	kindString
	kindArray
	kindObject
)

// value is one JSON value. Objects keep the order of their fields and have no
// duplicate names; numbers keep their literal, already normalised the way the Data
// API normalises numbers, so that no digit is lost. A value is immutable once it was
// handed on: the with... functions copy the spine they change.
type value struct {
	kind   kind
	text   string // kindString: the string; kindNumber: the literal
	items  []value
	fields []field
}

// field is one name and value of an object.
type field struct {
	name  string
	value value
}

// stringValue makes a string.
func stringValue(s string) value { return value{kind: kindString, text: s} }

// intValue makes an integral number.
func intValue(n int) value { return value{kind: kindNumber, text: decimalText(n)} }

// boolValue makes true or false, which are kinds of their own here.
func boolValue(b bool) value {
	if b {
		return value{kind: kindTrue}
	}
	return value{kind: kindFalse}
}

// arrayValue makes an array; it keeps items.
func arrayValue(items []value) value { return value{kind: kindArray, items: items} }

// objectValue makes an object; it keeps fields, which must have different names.
func objectValue(fields ...field) value { return value{kind: kindObject, fields: fields} }

// stringsValue makes an array of strings; nil becomes an empty array.
func stringsValue(names []string) value {
	items := make([]value, len(names))
	for i, name := range names {
		items[i] = stringValue(name)
	}
	return arrayValue(items)
}

// get returns the field of an object; ok is false when it is absent or v is no object.
func (v value) get(name string) (value, bool) {
	for i := range v.fields {
		if v.fields[i].name == name {
			return v.fields[i].value, true
		}
	}
	return value{}, false
}

// isTrue tells whether the field is present and true.
func (v value) isTrue(name string) bool {
	f, _ := v.get(name)
	return f.kind == kindTrue
}

// with returns v with the field set, in its old place when it was there. The fields are
// copied, the values in them are shared: that is what makes changing one field of a
// large document cheap.
func (v value) with(name string, to value) value {
	fields := make([]field, 0, len(v.fields)+1)
	fields = append(fields, v.fields...)
	for i := range fields {
		if fields[i].name == name {
			fields[i].value = to
			return objectValue(fields...)
		}
	}
	return objectValue(append(fields, field{name, to})...)
}

// without returns v less the field.
func (v value) without(name string) value {
	fields := make([]field, 0, len(v.fields))
	for _, f := range v.fields {
		if f.name != name {
			fields = append(fields, f)
		}
	}
	return objectValue(fields...)
}

// clone returns a copy that shares no memory with the text that v was parsed from.
func (v value) clone() value {
	c := value{kind: v.kind, text: strings.Clone(v.text)}
	if v.items != nil {
		c.items = make([]value, len(v.items))
		for i, item := range v.items {
			c.items[i] = item.clone()
		}
	}
	if v.fields != nil {
		c.fields = make([]field, len(v.fields))
		for i, f := range v.fields {
			c.fields[i] = field{strings.Clone(f.name), f.value.clone()}
		}
	}
	return c
}

// extended returns the name and content of an extended JSON value such as
// {"$date": 1700000000000}; ok is false for every other value.
func (v value) extended() (name string, content value, ok bool) {
	if v.kind != kindObject || len(v.fields) != 1 {
		return "", value{}, false
	}
	switch f := v.fields[0]; f.name {
	case "$date", "$uuid", "$objectId", "$binary":
		return f.name, f.value, true
	}
	return "", value{}, false
}

// typeName is the word that the Data API's messages use for the JSON type.
func (v value) typeName() string {
	switch v.kind {
	case kindNull:
		return "Null"
	case kindFalse, kindTrue:
		return "Boolean"
	case kindNumber:
		return "Number"
	case kindString:
		return "String"
	case kindArray:
		return "Array"
	default:
		return "Object"
	}
}

// key returns a text that two values share exactly when a filter would call them
// equal: numbers by their numeric value, UUIDs and ObjectIds in any case, objects field by field in order.
func (v value) key() string { return string(v.appendKey(nil)) }

// appendKey appends the key to dst. No key is the beginning of another one.
func (v value) appendKey(dst []byte) []byte {
	switch v.kind {
	case kindNumber:
		return parseDecimal(v.text).appendKey(append(dst, '#'))
	case kindArray:
		dst = append(dst, '[')
		for _, item := range v.items {
			dst = append(item.appendKey(dst), ',')
		}
		return append(dst, ']')
	case kindObject:
		if name, content, ok := v.extended(); ok && (name == "$uuid" || name == "$objectId") {
			return append(append(dst, name...), strings.ToLower(content.text)...)
		}
		dst = append(dst, '{')
		for _, f := range v.fields {
			dst = append(appendString(dst, f.name), ':')
			dst = append(f.value.appendKey(dst), ',')
		}
		return append(dst, '}')
	default:
		return v.appendJSON(dst)
	}
}
