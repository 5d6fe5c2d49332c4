package localastra

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// formatVersion is the version of the file's layout. Version 1 had no checksums; it is
// read, and becomes version 2 with the first write, so that an older program, which
// would take the checksums for content, refuses it. Other versions are refused.
const formatVersion = 2

// catalog is the schema: keyspaces and their collections, by name.
type catalog struct {
	version   int // of the file; formatVersion once this program has written to it
	nextID    uint64
	keyspaces map[string]map[string]*collection
}

// catalogFile is the catalog as it is stored.
type catalogFile struct {
	Version   int                                     `json:"version"`
	NextID    uint64                                  `json:"nextID"`
	Keyspaces map[string]map[string]catalogCollection `json:"keyspaces"`
}

// catalogCollection is one collection in the file: its number, which is never used
// again, and its settings as encode prints them.
type catalogCollection struct {
	ID      uint64          `json:"id"`
	Options json.RawMessage `json:"options"`
}

// decodeCatalog reads the schema at open and after a failed transaction. Only the
// highest sequence number is looked up for each collection, nothing else, so that
// opening takes the same time for ten documents and for a million.
func decodeCatalog(t reader) (*catalog, error) {
	c := &catalog{version: formatVersion, nextID: 1, keyspaces: map[string]map[string]*collection{}}
	text := t.get(noCollection, catalogTable, []byte(catalogKey))
	if text == nil {
		return c, nil
	}
	var file catalogFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	if file.Version < 1 || file.Version > formatVersion {
		return nil, fmt.Errorf("layout version %d, this program reads %d", file.Version, formatVersion)
	}
	c.version, c.nextID = file.Version, file.NextID
	for name, collections := range file.Keyspaces {
		c.keyspaces[name] = map[string]*collection{}
		for title, stored := range collections {
			options, err := parseCollectionOptions(parseStored(stored.Options))
			if err != nil {
				return nil, fmt.Errorf("collection %s.%s: %w", name, title, err)
			}
			c.keyspaces[name][title] = newCollection(stored.ID, name, title, options)
			c.keyspaces[name][title].last = t.last(stored.ID)
		}
	}
	return c, nil
}

// save writes the catalog into the transaction that changed it. The whole catalog is
// one value: with at most some hundred collections that is simpler than a table, and
// makes each schema change atomic.
func (c *catalog) save(t tx) error {
	file := catalogFile{formatVersion, c.nextID, map[string]map[string]catalogCollection{}}
	for name, collections := range c.keyspaces {
		file.Keyspaces[name] = map[string]catalogCollection{}
		for title, col := range collections {
			options := col.options.encode().appendJSON(nil)
			file.Keyspaces[name][title] = catalogCollection{col.id, options}
		}
	}
	c.version = formatVersion
	text, err := json.Marshal(file)
	if err != nil {
		return fmt.Errorf("encode catalog: %w", err)
	}
	return t.put(noCollection, catalogTable, []byte(catalogKey), text)
}

// collections returns the collections of a keyspace by name, or UNKNOWN_KEYSPACE. The
// map is the catalog's own. It may be read under the store's lock only, and changed by
// schema commands only.
func (c *catalog) collections(keyspace string) (map[string]*collection, *apiError) {
	collections := c.keyspaces[keyspace]
	if collections == nil {
		return nil, errorf("UNKNOWN_KEYSPACE", "The command tried to use a Keyspace that does not exist in the "+
			"Database.\n\nThe keyspace used by the command: %s.\n\nResend the command using a Keyspace that exists.",
			keyspace)
	}
	return collections, nil
}

// collection returns a collection, UNKNOWN_KEYSPACE or UNKNOWN_COLLECTION_OR_TABLE. The
// message lists what there is, as the real server's does: a misspelt name is the usual
// cause.
func (c *catalog) collection(keyspace, name string) (*collection, *apiError) {
	collections, err := c.collections(keyspace)
	if err != nil {
		return nil, err
	}
	if col := collections[name]; col != nil {
		return col, nil
	}
	return nil, errorf("UNKNOWN_COLLECTION_OR_TABLE", "The command tried to get a Collection or Table %s that does "+
		"not exist in the Keyspace %s.\n\nThe keyspace has the existing collections or tables: %s.\n\n"+
		"Resend the command using a Collection or Table that exists.", name, keyspace,
		strings.Join(slices.Sorted(maps.Keys(collections)), ", "))
}

// count is the number of collections of the database and of the indexes they take. Both
// limits of a database are about all keyspaces together, however the collections are
// spread.
func (c *catalog) count() (collections, indexes int) {
	for _, inKeyspace := range c.keyspaces {
		for _, col := range inKeyspace {
			collections++
			indexes += col.options.indexes()
		}
	}
	return collections, indexes
}

// validSchemaName is the rule for keyspaces and collections ("UNSUPPORTED_SCHEMA_NAME",
// Data API v1.0.51).
func validSchemaName(name string) bool {
	if len(name) < 1 || len(name) > 48 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
