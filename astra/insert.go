package astra

import (
	"context"
	"errors"
	"fmt"
)

// Document is what InsertMany stores.
type Document interface {
	// ID is the _id: chosen before the first attempt, so that a repeat is recognised.
	ID() string
	// AppendJSON appends the document as a JSON object with that _id, and returns the
	// extended slice. It is called once per attempt and must append the same each time.
	AppendJSON(dst []byte) []byte
}

// InsertResult lists the documents that are stored.
type InsertResult struct {
	// Inserted are the IDs that this call stored, an attempt without an answer included.
	Inserted []string
	// Existing are the IDs that were there before (DOCUMENT_ALREADY_EXISTS); the
	// stored document was not changed and may differ from the given one.
	Existing []string
}

// InsertMany stores documents in one unordered command. It returns the IDs that are stored.
// A non-nil error that is a *BatchError tells each document's fate, beside what was stored.
// Any other error says that nothing was sent: more than MaxInsertDocuments, or no name.
// It is safe for concurrent use; keep one call in flight for any _id.
func (c *Collection) InsertMany(ctx context.Context, docs []Document) (InsertResult, error) {
	k := c.call("insertMany")
	switch {
	case k.nameless:
		return InsertResult{}, k.wrap(ErrNoName)
	case len(docs) > MaxInsertDocuments:
		return InsertResult{}, k.wrap(fmt.Errorf("%w: %d documents, at most %d go",
			ErrRequestTooLarge, len(docs), MaxInsertDocuments))
	case len(docs) == 0:
		return InsertResult{}, nil
	}
	k.complete = func(r *reply) bool {
		return r.Status.DocumentResponses != nil || r.Status.InsertedIDs != nil
	}
	b := newInsertBatch(k, docs)
	err := c.database.client.repeat(ctx, k, func(ctx context.Context) attempt {
		return c.insertPending(ctx, b)
	})
	return b.result(err)
}

// insertPending sends the documents whose fate is open and records what became of
// them. The attempt's error is what a repeat may cure, or what ends the call.
func (c *Collection) insertPending(ctx context.Context, b *insertBatch) attempt {
	client := c.database.client
	body := client.newBuffer()
	defer body.release()
	pending := b.pending()
	body.bytes = b.appendCommand(body.bytes, pending)
	if len(body.bytes) > MaxRequestBytes {
		return attempt{err: b.refused(pending, b.call.tooLarge(len(body.bytes)))}
	}
	r, err := client.send(ctx, b.call, body)
	if r == nil || r.Status.DocumentResponses == nil && r.Status.InsertedIDs == nil {
		return attempt{err: b.refused(pending, err)}
	}
	a := attempt{err: b.answered(pending, r), bytes: len(body.bytes)}
	for _, d := range pending {
		observe(ctx, d.fate.Err) // the attempt's error is the first document's alone
		a.taken = a.taken || d.done && d.fate.Fate.Stored()
	}
	return a
}

// insertBatch is the state of one InsertMany over its attempts.
type insertBatch struct {
	call      call
	documents []insertion
}

// insertion is one document on its way.
type insertion struct {
	Document
	fate DocumentFate
	done bool
	// maybeStored: an attempt ended without saying whether it stored the document.
	maybeStored bool
}

func newInsertBatch(k call, docs []Document) *insertBatch {
	b := &insertBatch{call: k, documents: make([]insertion, len(docs))}
	for i, d := range docs {
		b.documents[i] = insertion{Document: d, fate: DocumentFate{ID: d.ID()}}
	}
	return b
}

func (b *insertBatch) pending() []*insertion {
	open := make([]*insertion, 0, len(b.documents))
	for i := range b.documents {
		if d := &b.documents[i]; !d.done {
			open = append(open, d)
		}
	}
	return open
}

// appendCommand writes the request by hand: the documents are most of it, and they
// append themselves without a copy.
func (b *insertBatch) appendCommand(dst []byte, pending []*insertion) []byte {
	dst = append(dst, `{"insertMany":{"documents":[`...)
	for i, d := range pending {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = d.AppendJSON(dst)
	}
	return append(dst, `],"options":{"ordered":false,"returnDocumentResponses":true}}}`...)
}

// refused records an attempt that told nothing about single documents.
func (b *insertBatch) refused(pending []*insertion, err error) error {
	var e *Error
	unknown := errors.As(err, &e) && e.OutcomeUnknown()
	for _, d := range pending {
		d.fate.Err = err
		d.maybeStored = d.maybeStored || unknown
	}
	return err
}

// answered records what the server says of each document and returns the first error
// that is worth a repeat.
func (b *insertBatch) answered(pending []*insertion, r *reply) error {
	outcomes := b.outcomes(pending, r)
	var again error
	for i, d := range pending {
		d.settle(outcomes[i])
		if !d.done && again == nil {
			again = d.fate.Err
		}
	}
	return again
}

// settle takes the outcome of one attempt: nil is stored.
func (d *insertion) settle(err *Error) {
	switch {
	case err == nil:
		d.finish(FateInserted, nil)
	case err.HasCode(CodeDocumentAlreadyExists) && d.maybeStored:
		// Our own earlier attempt, whose answer was lost, did store it.
		d.finish(FateInserted, nil)
	case err.HasCode(CodeDocumentAlreadyExists):
		d.finish(FateExisting, nil)
	case err.concernsDocument() && !err.Retryable():
		d.finish(FateFailed, err)
	default:
		d.fate.Err = err
		d.maybeStored = d.maybeStored || err.OutcomeUnknown()
	}
}

// concernsDocument reports whether the error is about the document that it is the
// outcome of, and not about the call, the caller or the collection.
func (e *Error) concernsDocument() bool {
	return !e.general && e.Code != "" && e.Scope != "SECURITY" &&
		!e.HasCode(CodeUnknownCollection, CodeUnknownKeyspace)
}

func (d *insertion) finish(fate Fate, err error) {
	d.done, d.fate.Fate, d.fate.Err = true, fate, err
}

// outcomes has one entry per pending document: nil for stored. A document of which the
// answer says nothing gets an error whose outcome is unknown.
func (b *insertBatch) outcomes(pending []*insertion, r *reply) []*Error {
	if r.Status.DocumentResponses != nil {
		return b.byResponse(pending, r)
	}
	return b.byID(pending, r)
}

// byResponse reads documentResponses, which are in the request's order.
func (b *insertBatch) byResponse(pending []*insertion, r *reply) []*Error {
	outcomes := make([]*Error, len(pending))
	responses := r.Status.DocumentResponses
	for i, d := range pending {
		if i >= len(responses) || idText(responses[i].ID) != d.fate.ID {
			outcomes[i] = b.silence()
			continue
		}
		index := responses[i].ErrorsIndex
		switch {
		case responses[i].Status == "OK":
		case index != nil && *index >= 0 && *index < len(r.failures):
			outcomes[i] = r.failures[*index]
		default:
			outcomes[i] = b.silence()
		}
	}
	return outcomes
}

// byID reads insertedIds and the documentIds of errors, the form of a 401 and of
// servers that do not know returnDocumentResponses. An error without documentIds is
// about the call, and so the reason of every document that is not mentioned.
func (b *insertBatch) byID(pending []*insertion, r *reply) []*Error {
	stored := map[string]bool{}
	for _, id := range r.Status.InsertedIDs {
		stored[idText(id)] = true
	}
	var general *Error
	failed := map[string]*Error{}
	for _, failure := range r.failures {
		if len(failure.DocumentIDs) == 0 && general == nil {
			all := *failure
			all.general = true
			general = &all
		}
		for _, id := range failure.DocumentIDs {
			failed[id] = failure
		}
	}
	outcomes := make([]*Error, len(pending))
	for i, d := range pending {
		switch failure := failed[d.fate.ID]; {
		case stored[d.fate.ID]:
		case failure != nil:
			outcomes[i] = failure
		case general != nil:
			outcomes[i] = general
		default:
			outcomes[i] = b.silence()
		}
	}
	return outcomes
}

// silence is the error of a document that the answer does not mention.
func (b *insertBatch) silence() *Error {
	e := b.call.newError(0)
	e.Err = fmt.Errorf("%w: it does not mention every document", ErrMalformedReply)
	return e
}

// result closes the batch. err is what ended the last attempt.
func (b *insertBatch) result(err error) (InsertResult, error) {
	var result InsertResult
	failure := &BatchError{Err: err, Documents: make([]DocumentFate, len(b.documents))}
	complete := true
	for i := range b.documents {
		d := &b.documents[i]
		if !d.done && d.maybeStored {
			d.fate.Fate = FateUnknown
		}
		if !d.done && d.fate.Err == nil {
			d.fate.Err = err
		}
		failure.Documents[i] = d.fate
		switch d.fate.Fate {
		case FateInserted:
			result.Inserted = append(result.Inserted, d.fate.ID)
		case FateExisting:
			result.Existing = append(result.Existing, d.fate.ID)
		default:
			complete = false
			failure.Err = headline(failure.Err, d.fate.Err)
		}
	}
	if complete {
		return result, nil
	}
	return result, failure
}

// headline keeps what ended the call unless a document's error shows that no call of
// this client can succeed.
func headline(current, document error) error {
	var e *Error
	refused := errors.As(document, &e) && e.Scope == "SECURITY"
	if current == nil || refused && !isRefusal(current) {
		return document
	}
	return current
}

func isRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Scope == "SECURITY"
}
