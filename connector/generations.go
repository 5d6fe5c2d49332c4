package connector

import (
	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
)

// mustRaise reports whether an unchanged document must be marked as one of
// this generation (and attempt), because finalising deletes what is not.
func mustRaise(s *intake.Stream, d stored) bool {
	if !s.Replacing {
		return false
	}
	return d.Generation == nil || *d.Generation != *s.GenerationID || s.Attempt != "" && d.Attempt != s.Attempt
}

// mayTouch refuses to touch a stream that a newer job has taken over, or that
// another embedder's vectors are in.
func mayTouch(s *intake.Stream, d stored, embedder string) error {
	if !s.Replacing && drifted(d, embedder) {
		return otherEmbedder(s, d.Embedder, embedder)
	}
	return mayFinalise(s, d)
}

// mayFinalise refuses a stream that holds a document of a newer job. Only counted
// generations have an order.
func mayFinalise(s *intake.Stream, d stored) error {
	if !s.Numbered || d.Generation == nil || *d.Generation <= *s.GenerationID {
		return nil
	}
	return &failure.StaleJobError{Stream: s.Descriptor, Generation: *s.GenerationID, Newer: *d.Generation}
}

// newerThan asks for one document of a newer generation than a numbered stream's.
func newerThan(s *intake.Stream) astra.FindQuery {
	newer := map[string]any{"$gt": *s.GenerationID}
	return astra.FindQuery{
		Filter: map[string]any{document.FieldStream: s.Name(), document.FieldGenerationID: newer},
		Limit:  1,
	}
}
