package spec

import (
	"encoding/json"
	"time"
)

// Modes of [TextSplitter].
const (
	ModeSeparator = "separator"
	ModeMarkdown  = "markdown"
	ModeCode      = "code"
	ModeStable    = "stable"
)

// Modes of [RejectedRecords].
const (
	ModeFail = "fail"
	ModeSkip = "skip"
)

// MaxChunkSize is the greatest chunk size, in tokens: what text-embedding-ada-002 takes.
const MaxChunkSize = 8191

// Processing says how a record becomes text and metadata.
type Processing struct {
	// ChunkSize is the tokens that a chunk is to have at most, from 1 to MaxChunkSize. Only ModeStable
	// never exceeds it.
	ChunkSize int
	// ChunkOverlap is how many tokens neighbouring chunks share, from 0 to ChunkSize, or to half of it
	// with ModeStable.
	ChunkOverlap int
	// TextFields are the paths of the fields to embed; none means all fields.
	TextFields []string
	// MetadataFields are the paths of the fields to store; none means all fields.
	MetadataFields []string
	// ExcludeFields are the paths of fields that are neither embedded nor stored.
	ExcludeFields []string
	// TextSplitter says where texts may be cut.
	TextSplitter TextSplitter
	// FieldNameMappings rename fields, one after the other.
	FieldNameMappings []FieldNameMapping
	// Tokenizer counts the tokens: gpt2, cl100k_base or o200k_base.
	Tokenizer string
	// RejectedRecords says what follows a record that cannot be stored.
	RejectedRecords RejectedRecords
	// AllowEmptyOverwrite lets an overwrite that received nothing clear the stream.
	AllowEmptyOverwrite bool
	// FlushInterval is how long a state waits at most for a batch to fill.
	FlushInterval time.Duration
}

// TextSplitter says where texts may be cut. Fields that a mode does not use are zero.
type TextSplitter struct {
	// Mode is ModeSeparator, ModeMarkdown, ModeCode or ModeStable.
	Mode string
	// Separators are the strings themselves, most wanted first, never none (separator).
	Separators []string
	// KeepSeparator leaves separators in the text (separator).
	KeepSeparator bool
	// SplitLevel is the deepest heading to cut at, from 1 to 6 (markdown).
	SplitLevel int
	// Language is the programming language (code).
	Language string
}

// FieldNameMapping renames one top-level field of the flattened record.
type FieldNameMapping struct{ FromField, ToField string }

// RejectedRecords says what follows a record that cannot be stored.
type RejectedRecords struct {
	// Mode is ModeFail, which ends the sync, or ModeSkip, which counts and logs it.
	Mode string
	// MaxRecords is how many records of a sync may be skipped before it fails. It is 0
	// with ModeFail.
	MaxRecords int
}

// languages are what the Python connector could split, in its order.
var languages = []string{"cpp", "go", "java", "js", "php", "proto", "python", "rst", "ruby",
	"rust", "scala", "swift", "markdown", "latex", "html", "sol"}

func parseProcessing(o *object) Processing {
	const pathHint = "name a field or remove the entry"
	var p Processing
	p.ChunkSize, _ = o.requireInteger("chunk_size", limits{1, MaxChunkSize})
	// Without a good chunk size only the outer limit can be told.
	most := p.ChunkSize
	if most == 0 {
		most = MaxChunkSize
	}
	p.ChunkOverlap = o.integer("chunk_overlap", 0, limits{0, most})
	p.TextFields = o.texts("text_fields", pathHint)
	p.MetadataFields = o.texts("metadata_fields", pathHint)
	p.ExcludeFields = o.texts("exclude_fields", pathHint)
	p.TextSplitter = TextSplitter{Mode: ModeSeparator, Separators: defaultSeparators()}
	if s, ok := o.section("text_splitter", "give it a mode or remove it", false); ok {
		p.TextSplitter = parseTextSplitter(s)
		s.done()
	}
	if p.TextSplitter.Mode == ModeStable && p.ChunkOverlap > most/2 && p.ChunkOverlap <= most {
		o.fail(o.at("chunk_overlap"), "must be at most %d, half of chunk_size, with the text splitter %s",
			most/2, ModeStable)
	}
	p.FieldNameMappings = parseMappings(o)
	p.Tokenizer = o.choice("tokenizer", []string{"gpt2", "cl100k_base", "o200k_base"})
	p.RejectedRecords = RejectedRecords{Mode: ModeFail}
	if s, ok := o.section("rejected_records", "give it a mode or remove it", false); ok {
		p.RejectedRecords = parseRejectedRecords(s)
		s.done()
	}
	p.AllowEmptyOverwrite = o.boolean("allow_empty_overwrite")
	// The platform wants a state at least every 15 minutes.
	seconds := o.integer("flush_interval_seconds", 60, limits{1, 900})
	p.FlushInterval = time.Duration(seconds) * time.Second
	return p
}

func parseTextSplitter(o *object) TextSplitter {
	mode, _ := o.requireChoice("mode", []string{ModeSeparator, ModeMarkdown, ModeCode, ModeStable})
	t := TextSplitter{Mode: mode}
	switch mode {
	case ModeSeparator:
		t.Separators = parseSeparators(o)
		t.KeepSeparator = o.boolean("keep_separator")
	case ModeMarkdown:
		t.SplitLevel = o.integer("split_level", 1, limits{1, 6})
	case ModeCode:
		t.Language, _ = o.requireChoice("language", languages)
	case ModeStable:
	default:
		o.ignoreRest()
	}
	return t
}

// defaultSeparators are paragraphs, lines, words and, last, anywhere.
func defaultSeparators() []string { return []string{"\n\n", "\n", " ", ""} }

// parseSeparators decodes the separators, each of which is a JSON string of its own, so
// that a form can hold a newline. An empty list means the default, as it always has.
func parseSeparators(o *object) []string {
	items, path := o.list("separators")
	var separators []string
	for i, item := range items {
		literal, ok := item.(string)
		if !ok {
			o.fail(path(i), "must be a string, not %s; put it in double quotes", kind(item))
			continue
		}
		var decoded any
		err := json.Unmarshal([]byte(literal), &decoded)
		separator, ok := decoded.(string)
		if err != nil || !ok {
			o.fail(path(i), "Invalid separator: %s. Separator needs to be a valid JSON string "+
				"using double quotes.", literal)
			continue
		}
		separators = append(separators, separator)
	}
	if len(separators) == 0 {
		return defaultSeparators()
	}
	return separators
}

// parseMappings reads the renamings. They apply to all streams and one after the other,
// so two fields may well get the same name: as long as they are of different streams.
func parseMappings(o *object) []FieldNameMapping {
	items, path := o.list("field_name_mappings")
	mappings := make([]FieldNameMapping, 0, len(items))
	from, to := map[string]string{}, map[string]string{}
	for i, item := range items {
		fields, ok := item.(map[string]any)
		if !ok {
			o.fail(path(i), "must be an object with from_field and to_field, not %s", kind(item))
			continue
		}
		m := newObject(o.parser, path(i), fields)
		mapping := FieldNameMapping{
			FromField: m.fieldName("from_field"),
			ToField:   m.fieldName("to_field"),
		}
		m.done()
		switch first, again := from[mapping.FromField]; {
		case mapping.FromField == "" || mapping.ToField == "":
			continue
		case mapping.FromField == mapping.ToField:
			o.warn(path(i), "renames %s to itself; remove it", excerpt(mapping.FromField))
		case again:
			o.warn(path(i), "has no effect, as %s is already renamed to %s; remove one of the two",
				excerpt(mapping.FromField), excerpt(first))
		case to[mapping.ToField] != "":
			o.warn(path(i), "renames %s to %s, as it does %s; where one record has both, only "+
				"one value stays", excerpt(mapping.FromField), excerpt(mapping.ToField),
				excerpt(to[mapping.ToField]))
		}
		from[mapping.FromField], to[mapping.ToField] = mapping.ToField, mapping.FromField
		mappings = append(mappings, mapping)
	}
	return mappings
}

// fieldName returns a field's name exactly as written: a name may begin with a blank.
func (o *object) fieldName(name string) string {
	const hint = "name a field or remove the mapping"
	value, present := o.require(name, hint)
	if !present {
		return ""
	}
	s, ok := value.(string)
	switch {
	case !ok:
		o.fail(o.at(name), "must be a string, not %s; %s", kind(value), hint)
	case s == "":
		o.fail(o.at(name), "is empty; %s", hint)
	}
	return s
}

func parseRejectedRecords(o *object) RejectedRecords {
	mode, _ := o.requireChoice("mode", []string{ModeFail, ModeSkip})
	r := RejectedRecords{Mode: mode}
	switch mode {
	case ModeFail:
	case ModeSkip:
		r.MaxRecords = o.integer("max_rejected_records", 100, limits{1, 1_000_000_000})
	default:
		o.ignoreRest()
	}
	return r
}
