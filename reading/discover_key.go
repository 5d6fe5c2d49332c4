package reading

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"destination-astra/document"
	"destination-astra/internal/clients"
)

// maxKeyFields bounds the fields of a composite key that is looked for.
const maxKeyFields = 4

// inferKey is the primary key of the stream's documents, nil when they have none. A
// record's documents share its key, so the chunk's number is always part of it.
//
// _ab_record_id only joins the values of the source's key: which fields those are is
// decided from the sample. They are the only ones whose values, joined, are the record
// id of each document. Where none do (a key inside an object, or one that is not
// stored), or several do, _ab_record_id stands for them.
func inferKey(stream string, docs []clients.Fields) [][]string {
	var joined []string
	for _, d := range docs {
		var id string
		if json.Unmarshal(d[document.FieldRecordID], &id) != nil || d[document.FieldChunkIndex] == nil {
			return nil
		}
		rest, ok := strings.CutPrefix(id, stream+"_")
		if !ok {
			return nil
		}
		joined = append(joined, rest)
	}
	if len(docs) == 0 {
		return nil
	}
	key := [][]string{{document.FieldRecordID}}
	if fields := keyFields(docs, joined); fields != nil {
		key = nil
		for _, name := range fields {
			key = append(key, []string{recordField(name)})
		}
	}
	return append(key, []string{document.FieldChunkIndex})
}

// keyFields returns the shortest sequence of fields that fits the whole sample, nil
// when there is none or more than one.
func keyFields(docs []clients.Fields, joined []string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(docs[0])) {
		if !document.IsOwnField(name) {
			names = append(names, name)
		}
	}
	for length := 1; length <= maxKeyFields; length++ {
		var fitting [][]string
		for _, candidate := range splits(docs[0], joined[0], names, length) {
			if fits(docs, joined, candidate) {
				fitting = append(fitting, candidate)
			}
		}
		if len(fitting) > 0 {
			if len(fitting) > 1 {
				return nil
			}
			return fitting[0]
		}
	}
	return nil
}

// splits lists the sequences of n fields whose values, joined by "_", are the text.
func splits(d clients.Fields, text string, names []string, n int) [][]string {
	var all [][]string
	for _, name := range names {
		for _, value := range keyTexts(d[name]) {
			if n == 1 {
				if value == text {
					all = append(all, []string{name})
				}
				continue
			}
			rest, ok := strings.CutPrefix(text, value+"_")
			if !ok {
				continue
			}
			for _, tail := range splits(d, rest, names, n-1) {
				if !slices.Contains(tail, name) {
					all = append(all, append([]string{name}, tail...))
				}
			}
		}
	}
	return all
}

// fits reports whether the fields' joined values are each document's text.
func fits(docs []clients.Fields, joined, fields []string) bool {
	for i, d := range docs {
		if !fitsOne(d, joined[i], fields) {
			return false
		}
	}
	return true
}

// fitsOne reports whether the fields' values, joined, can be read as the text.
func fitsOne(d clients.Fields, text string, fields []string) bool {
	for _, value := range keyTexts(d[fields[0]]) {
		if len(fields) == 1 {
			if value == text {
				return true
			}
			continue
		}
		if rest, ok := strings.CutPrefix(text, value+"_"); ok && fitsOne(d, rest, fields[1:]) {
			return true
		}
	}
	return false
}

// keyTexts are the ways in which a value may stand in a record id, which has it as
// Python prints it. The server returns 1.0 as 1, so a whole number has two.
func keyTexts(raw json.RawMessage) []string {
	raw = bytes.TrimSpace(raw)
	var text string
	switch {
	case len(raw) == 0, raw[0] == '{', raw[0] == '[':
		return nil
	case raw[0] == 'n':
		return []string{"None"}
	case raw[0] == 't':
		return []string{"True"}
	case raw[0] == 'f':
		return []string{"False"}
	case raw[0] == '"':
		if json.Unmarshal(raw, &text) != nil {
			return nil
		}
		return []string{text}
	}
	return []string{string(raw), string(raw) + ".0"}
}
