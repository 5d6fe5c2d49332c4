package document

import (
	"cmp"
	"slices"
)

// MaxRepeatedBytes is how much metadata the documents of one record may repeat together, unless
// Options.MetadataFields names it (decision 34). Every document has all of it, and there are the
// more of them the longer the text is, which is a part of it: that is quadratic.
const MaxRepeatedBytes = 4 << 20

// repeated returns the layout of the documents after the first one, of which there are so many:
// the first one's without its largest fields when they would repeat too much.
func (b *building) repeated(first *layout, times int) *layout {
	b.record.Repeated = times * len(first.body)
	if len(b.metadata) > 0 || b.record.Repeated <= MaxRepeatedBytes {
		return first
	}
	fields := b.fields // those of the first one, sorted
	sizes := make(map[string]int, len(fields))
	var names []string // of the source's fields
	total := 0
	for _, f := range fields {
		b.buf = appendCanonical(appendString(b.buf[:0], f.name), f.value)
		sizes[f.name] = len(b.buf) + len(",:")
		total += sizes[f.name]
		if f.name == FieldLong || !reservedName(f.name) {
			names = append(names, f.name)
		}
	}
	slices.SortFunc(names, func(x, y string) int {
		return cmp.Or(cmp.Compare(sizes[y], sizes[x]), cmp.Compare(x, y))
	})
	dropped := map[string]bool{}
	for _, name := range names {
		if times*total <= MaxRepeatedBytes {
			break
		}
		total -= sizes[name]
		dropped[name] = true
		b.record.FirstOnly = append(b.record.FirstOnly, name)
	}
	rest := *first
	kept := slices.DeleteFunc(fields, func(f member) bool { return dropped[f.name] })
	b.buf = rest.appendBody(b.buf[:0], kept)
	rest.body = b.takeBuffer()
	b.record.Repeated = times * len(rest.body)
	return &rest
}
