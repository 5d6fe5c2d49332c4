package connector

import (
	"fmt"
	"strings"

	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
	"destination-astra/spec"
)

// drifted reports whether a document's vector was made by another embedder: it cannot be compared
// with ours. One that says nothing of its embedder was written by the Python connector.
func drifted(d stored, embedder string) bool { return d.Embedder != "" && d.Embedder != embedder }

// judge refuses a stream some of whose documents drifted, and warns of those that do not say.
func (i *inspector) judge(s *intake.Stream, found []stored) error {
	warned := false
	for _, d := range found {
		switch {
		case drifted(d, i.embedder):
			return otherEmbedder(s, d.Embedder, i.embedder)
		case d.Embedder == "":
			if !warned {
				warned = true
				i.log.Warn("the stream holds documents of unknown embedding, as the Python connector wrote them: "+
					"they are kept until their records come again, and their vectors are not reused", "stream", s.Descriptor)
			}
		}
	}
	return nil
}

// otherEmbedder says what can be done about it.
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
