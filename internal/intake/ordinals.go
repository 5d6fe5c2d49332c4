package intake

import "destination-astra/document"

// number tells equal records apart where a record is identified by what it holds: the first one
// of an input has the number 0, an equal one after it 1, and so on, in every attempt the same. A
// record with a key needs none: an equal one takes its place.
func (b *batcher) number(it *item) error {
	if it.stream.Identity == document.IdentityKey {
		return nil
	}
	n, err := b.ordinals.Take(it.record.Identity)
	if err != nil {
		return err
	}
	it.record.SetOrdinal(n)
	return nil
}
