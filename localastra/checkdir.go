package localastra

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// maxProblems is how many problems a Report lists.
const maxProblems = 100

// Report is what CheckDir found.
type Report struct {
	// Documents is how many whole documents there are.
	Documents int
	// Unsealed is how many values were written before values had checksums: only their
	// form was checked.
	Unsealed int
	// Found counts the problems; Problems describes the first hundred.
	Found    int
	Problems []string
}

// problem adds to the report.
func (r *Report) problem(format string, args ...any) {
	r.Found++
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// CheckDir reads all of the database file in dir: its headers, pages and values, and
// whether documents, vectors and the keys of _ids belong together. It changes nothing.
// The error is for what keeps it from reading, such as a *LockedError after wait.
func CheckDir(dir string, wait time.Duration) (*Report, error) {
	path := filepath.Join(dir, fileName)
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("localastra: check: %w", err)
	}
	defer file.Close()
	report := &Report{}
	engine, err := openBoltEngine(dir, wait) // holds the lock
	if locked := new(LockedError); errors.As(err, &locked) {
		return nil, err
	}
	if err == nil {
		defer engine.close()
	}
	first, err := readHeader(file, 0)
	if err != nil || first == nil {
		report.problem("the first header is broken, or this is no database")
		first = &header{pageBytes: int64(os.Getpagesize())}
	}
	second, err := readHeader(file, first.pageBytes)
	if err != nil || second == nil {
		report.problem("the second header is broken")
		second = &header{}
	}
	newest := first
	if second.transaction > first.transaction {
		newest = second
	}
	if newest.pages > 0 {
		checkPages(file, newest, report)
	}
	return report, nil
}

// checkPages walks the file from its newest header on.
func checkPages(file *os.File, newest *header, report *Report) {
	if info, err := file.Stat(); err == nil && info.Size() < newest.pages*newest.pageBytes {
		report.problem("the file has %d bytes of %d", info.Size(), newest.pages*newest.pageBytes)
	}
	c := &contentCheck{report: report, tables: map[uint64]*tableSets{}}
	walk := &pageWalk{file: file, header: newest, used: map[int64]bool{}, problem: report.problem, value: c.value}
	walk.bucket(newest.root, keySpan{}, nil)
	walk.freelist(newest.freelist)
	c.compare()
}

// contentCheck judges values and remembers which documents the tables of a collection
// speak of.
type contentCheck struct {
	report *Report
	tables map[uint64]*tableSets
}

// tableSets are the sequence numbers in the three tables of a collection. documents
// tells which have a vector.
type tableSets struct {
	documents map[uint64]bool
	vectors   map[uint64]bool
	ids       map[uint64]bool
}

// value checks one value, and notes what it says.
func (c *contentCheck) value(buckets [][]byte, key, sealed []byte) {
	of := catalogTable
	switch {
	case len(buckets) == 2 && len(buckets[0]) == seqBytes && len(buckets[1]) == 1:
		of = table(buckets[1][0])
	case len(buckets) != 1 || string(buckets[0]) != catalogBucket:
		c.report.problem("%s", tableName(buckets))
		return
	}
	content, ok := unseal(of, key, sealed)
	if !ok {
		c.report.problem("%s has a wrong checksum", tableName(buckets))
		return
	}
	if len(content) == len(sealed) {
		c.report.Unsealed++
	}
	if of == catalogTable {
		return
	}
	id := binary.BigEndian.Uint64(buckets[0])
	if c.tables[id] == nil {
		c.tables[id] = &tableSets{map[uint64]bool{}, map[uint64]bool{}, map[uint64]bool{}}
	}
	if !c.tables[id].note(of, key, content) {
		c.report.problem("%s cannot be read", tableName(buckets))
	} else if of == documentsTable {
		c.report.Documents++
	}
}

// note remembers a value; false is for one that makes no sense.
func (s *tableSets) note(of table, key, content []byte) bool {
	switch of {
	case documentsTable:
		d := stored{fields: parseStored(content)}
		s.documents[binary.BigEndian.Uint64(key)] = d.hasVector()
		return d.fields.kind == kindObject
	case vectorsTable:
		_, ok := decodeVector(content)
		s.vectors[binary.BigEndian.Uint64(key)] = true
		return ok
	case idsTable:
		seq := binary.BigEndian.Uint64(content)
		taken := s.ids[seq]
		s.ids[seq] = true
		return !taken
	}
	return false
}

// compare finds what one table has and another lacks.
func (c *contentCheck) compare() {
	for _, id := range slices.Sorted(maps.Keys(c.tables)) {
		s := c.tables[id]
		for seq, vector := range s.documents {
			if !s.ids[seq] {
				c.report.problem("collection %d: the key of a document's _id is missing", id)
			}
			if vector && !s.vectors[seq] {
				c.report.problem("collection %d: a document's vector is missing", id)
			}
			delete(s.ids, seq)
			delete(s.vectors, seq)
		}
		for range s.ids {
			c.report.problem("collection %d: a document is missing", id)
		}
		for range s.vectors {
			c.report.problem("collection %d: a vector has no document", id)
		}
	}
}
