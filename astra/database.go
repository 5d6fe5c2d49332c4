package astra

import (
	"context"
	"encoding/json"
	"fmt"
)

// Database is one keyspace of a Client. It holds no state of its own and is safe for
// concurrent use.
type Database struct {
	client   *Client
	keyspace string
}

// Keyspace is the name given to [Client.Database].
func (d *Database) Keyspace() string { return d.keyspace }

// Collection returns a collection of the keyspace by name. It sends nothing, so the
// collection need not exist.
func (d *Database) Collection(name string) *Collection {
	return &Collection{database: d, name: name}
}

// CollectionDescriptor is a collection with the settings it was created with.
type CollectionDescriptor struct {
	Name    string            `json:"name"`
	Options CollectionOptions `json:"options"`
}

// FindCollections returns all collections of the keyspace with their options; the Data
// API sorts them by name. An unknown keyspace is CodeUnknownKeyspace, which may also
// mean a token of another database.
func (d *Database) FindCollections(ctx context.Context) ([]CollectionDescriptor, error) {
	k := d.call("findCollections")
	k.complete = func(r *reply) bool { return r.Status.Collections != nil }
	r, err := d.client.execute(ctx, k, object{"options": object{"explain": true}})
	if err != nil {
		return nil, err
	}
	var found []CollectionDescriptor
	if err := json.Unmarshal(r.Status.Collections, &found); err != nil {
		e := k.newError(0)
		e.Err = fmt.Errorf("%w: %w", ErrMalformedReply, err)
		return nil, e
	}
	return found, nil
}

// CreateCollection creates a collection; one that exists with the same options is no
// error, one with others is CodeDifferentSettings. Creators at the same moment disturb
// each other's indexes, which the server reports as CodeInvalidDatabaseQuery; that is
// tried once more. It takes up to 20 s on the server.
func (d *Database) CreateCollection(ctx context.Context, name string, o CollectionOptions) error {
	k := d.schemaCall("createCollection", name)
	k.retryOnce = CodeInvalidDatabaseQuery
	_, err := d.client.execute(ctx, k, object{"name": name, "options": o})
	return err
}

// DeleteCollection drops a collection with all its documents; an absent one is no error.
func (d *Database) DeleteCollection(ctx context.Context, name string) error {
	k := d.schemaCall("deleteCollection", name)
	_, err := d.client.execute(ctx, k, object{"name": name})
	return err
}

// object is a JSON object written in place.
type object map[string]any

func (d *Database) call(command string) call {
	k := d.client.call(command)
	k.keyspace = d.keyspace
	k.nameless = d.keyspace == ""
	return k
}

func (d *Database) schemaCall(command, name string) call {
	k := d.call(command)
	k.timeout = d.client.schemaTimeout
	k.complete = func(r *reply) bool { return len(r.Status.OK) > 0 }
	k.nameless = k.nameless || name == ""
	return k
}
