package localastra

import (
	"encoding/base64"
	"strings"
)

const errCredentials = constError("invalid credentials format, expected " +
	"`Cassandra:Base64(username):Base64(password)`")

// unauthorized answers a write that came with a read-only token: an insert tells it for
// each of its documents.
func unauthorized(r *request) (*reply, *apiError) {
	refusal := errorf("UNAUTHORIZED_ACCESS", "The command is not authorized to perform the action on the database. "+
		"\n\nThe command used the keyspace and table or collection: %s.%s.\n\nResend the command using the correct "+
		"authentication details.", r.keyspace, r.collection)
	documents := r.documents()
	if documents == nil {
		return nil, refusal
	}
	result := &reply{status: []field{{"insertedIds", arrayValue([]value{})}}}
	for _, d := range documents {
		err := refusal
		if id, has := d.get("_id"); has {
			err = refusal.of(id)
		}
		result.errors = append(result.errors, err)
	}
	return result, nil
}

// wellFormedCredentials tells whether a token of a self-hosted Data API has its form. A
// token that only looks wrong, and one that is wrong, have different answers: an error
// of the server, and a 401.
func wellFormedCredentials(token string) bool {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return false
	}
	for _, part := range parts[1:] {
		if _, err := base64.StdEncoding.DecodeString(part); err != nil {
			return false
		}
	}
	return true
}
