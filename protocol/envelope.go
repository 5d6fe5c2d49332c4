package protocol

// envelope holds the texts of the members that matter, nil where a member is absent.
type envelope struct {
	typ, state, trace []byte
	record            recordEnvelope
}

type recordEnvelope struct {
	raw, namespace, stream, data, emittedAt, meta []byte
}

// parseEnvelope scans a whole line in one pass. It reports whether the line is a JSON object;
// otherwise the scanner says what is wrong. Members of a wrong type are found later, when the
// message's type is known.
func parseEnvelope(s *scanner) (e envelope, ok bool) {
	if s.peek() != '{' {
		return e, s.unexpected()
	}
	ok = s.object(func(key []byte) bool {
		switch string(key) {
		case "type":
			return s.capture(&e.typ)
		case "record":
			return scanRecord(s, &e.record)
		case "state":
			return s.capture(&e.state)
		case "trace":
			return s.capture(&e.trace)
		default:
			return s.skip()
		}
	})
	return e, ok && s.end()
}

// scanRecord consumes the value of `record`, forgetting an earlier one of the same line.
func scanRecord(s *scanner, r *recordEnvelope) bool {
	*r = recordEnvelope{}
	if s.peek() != '{' {
		return s.capture(&r.raw)
	}
	start := s.pos
	ok := s.object(func(key []byte) bool {
		switch string(key) {
		case "stream":
			return s.capture(&r.stream)
		case "data":
			return s.capture(&r.data)
		case "namespace":
			return s.capture(&r.namespace)
		case "emitted_at":
			return s.capture(&r.emittedAt)
		case "meta":
			return s.capture(&r.meta)
		default:
			return s.skip()
		}
	})
	r.raw = s.data[start:s.pos]
	return ok
}
