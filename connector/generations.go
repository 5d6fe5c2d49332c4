package connector

import (
	"fmt"
	"strings"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
	"destination-astra/spec"
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
// another embedder's vectors are in: those cannot be compared with ours.
func mayTouch(s *intake.Stream, d stored, embedder string) error {
	if !s.Replacing && d.Embedder != "" && d.Embedder != embedder {
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

func otherEmbedder(s *intake.Stream, there, ours string) error {
	moved := ""
	if id, ok := movedService(there, ours); ok {
		moved = fmt.Sprintf("; if it is the same service at another address, set embedding.service_id to %q", id)
	}
	return &failure.ConfigError{Stream: &s.Descriptor, Reason: fmt.Sprintf(
		"stream %q: its documents were embedded with %q and the configuration says %q; "+
			"vectors of two embedders cannot be searched together. "+
			"Run a refresh of the stream, which embeds everything anew, or go back to the old embedding settings%s",
		s.Descriptor, there, ours, moved)}
}

// newerThan asks for one document of a newer generation than a numbered stream's.
func newerThan(s *intake.Stream) astra.FindQuery {
	newer := map[string]any{"$gt": *s.GenerationID}
	return astra.FindQuery{
		Filter: map[string]any{document.FieldStream: s.Name(), document.FieldGenerationID: newer},
		Limit:  1,
	}
}

// movedService returns the service in a stored fingerprint that differs from ours in
// nothing else, as embedding.service_id names it.
func movedService(there, ours string) (id string, ok bool) {
	model := func(fingerprint string) (rest, id string) {
		end := strings.LastIndexByte(fingerprint, '/')
		if end < 0 {
			return fingerprint, ""
		}
		at := strings.LastIndexByte(fingerprint[:end], '@')
		if at < 0 || strings.ContainsRune(fingerprint[at:end], '/') {
			provider, _, _ := strings.Cut(fingerprint, "/")
			return fingerprint, provider
		}
		return fingerprint[:at] + fingerprint[end:], fingerprint[at+1 : end]
	}
	thereModel, id := model(there)
	oursModel, _ := model(ours)
	vectorize := strings.HasPrefix(there, spec.ModeAstraVectorize+"/")
	return id, thereModel == oursModel && !vectorize
}
