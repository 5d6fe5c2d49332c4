package localastra

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// maxIDBytes is the longest key that Cassandra holds.
const maxIDBytes = 65_535

// checkID accepts what can be an _id: a non-empty string, a number, a boolean, null,
// or an extended date, UUID or ObjectId.
func checkID(id value) *apiError {
	switch id.kind {
	case kindString:
		if id.text == "" {
			return newError("SHRED_BAD_DOCID_VALUE", "Bad value for '_id' field: empty String not allowed.")
		}
		if len(id.text) > maxIDBytes-10 {
			return serverError(errLongKey).of(id)
		}
		return nil
	case kindArray:
		return badIDType(id)
	case kindObject:
		return checkExtendedID(id)
	default:
		return nil
	}
}

// constError is an error that is a constant: package variables could be changed.
type constError string

// Error implements error.
func (e constError) Error() string { return string(e) }

const errLongKey = constError("key length is longer than the maximum of 65535")

// badIDType is the answer to an _id of a type that cannot be one, such as an array.
func badIDType(id value) *apiError {
	return errorf("SHRED_BAD_DOCID_TYPE", "Bad type for '_id' field: Document Id must be a JSON String, Number, "+
		"Boolean, EJSON-Encoded Date Object or null instead got %s: %s.", id.typeName(), id.json())
}

// checkExtendedID judges {"$uuid": ...} and its like. Unlike in the body of a document,
// where they are stored as they come, their content must be valid.
func checkExtendedID(id value) *apiError {
	name, content, ok := id.extended()
	if !ok {
		return badIDType(id)
	}
	valid := map[string]bool{
		"$date":     content.kind == kindNumber,
		"$uuid":     isUUID(content),
		"$objectId": isObjectID(content),
		"$binary":   true, // stored as garbage by the real server
	}[name]
	if !valid {
		return errorf("SHRED_BAD_DOCID_TYPE", "Bad type for '_id' field: Bad JSON Extension value to shred: '%s' "+
			"value not valid, instead got (%s).", name, content.json())
	}
	return nil
}

// isUUID tells whether a value is a UUID in its usual form, in lower or upper case, of
// any version.
func isUUID(v value) bool {
	if v.kind != kindString || len(v.text) != 36 {
		return false
	}
	for i := range len(v.text) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (v.text[i] == '-') || !dash && !isHex(v.text[i]) {
			return false
		}
	}
	return true
}

// isObjectID tells whether a value is 24 hexadecimal digits.
func isObjectID(v value) bool {
	if v.kind != kindString || len(v.text) != 24 {
		return false
	}
	for i := range len(v.text) {
		if !isHex(v.text[i]) {
			return false
		}
	}
	return true
}

// isHex judges one character, in lower or upper case.
func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// newID makes an _id the way the collection's defaultId asks for. Documents that bring
// their own _id are not affected, and may bring one of another type.
func (o *collectionOptions) newID() value {
	switch o.defaultID {
	case "":
		return newUUID(4)
	case "objectId":
		return objectValue(field{"$objectId", newObjectID()})
	case "uuid":
		return objectValue(field{"$uuid", newUUID(4)})
	case "uuidv6":
		return objectValue(field{"$uuid", newUUID(6)})
	default:
		return objectValue(field{"$uuid", newTimeUUID()})
	}
}

// newObjectID makes an ObjectId as MongoDB does: seconds first, so that later ones sort
// behind earlier ones, and then random bytes.
func newObjectID() value {
	var b [12]byte
	_, _ = rand.Read(b[4:]) // never fails: crypto/rand ends the process instead
	binary.BigEndian.PutUint32(b[:], uint32(time.Now().Unix()))
	return stringValue(hex.EncodeToString(b[:]))
}

// newTimeUUID makes a UUID of version 7: milliseconds first. Documents that were
// inserted later have a higher _id, which keeps them together in the file.
func newTimeUUID() value {
	var b [16]byte
	_, _ = rand.Read(b[6:]) // never fails: crypto/rand ends the process instead
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(time.Now().UnixMilli()))
	copy(b[:6], ms[2:])
	return stampUUID(b, 7)
}
