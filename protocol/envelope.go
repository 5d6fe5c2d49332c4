package protocol

import "destination-astra/internal/jsonscan"

// envelope holds the texts of the members that matter, nil where a member is absent.
type envelope struct {
	typ, state, trace []byte
	record            recordEnvelope
}

type recordEnvelope struct {
	raw, namespace, stream, data, emittedAt, meta []byte
}

// parseEnvelope scans a whole line in one pass. Its error says why the line is no JSON object.
// Members of a wrong type are found later, when the message's type is known.
func parseEnvelope(s *jsonscan.Scanner) (e envelope, err error) {
	err = s.Object(func(name []byte) (err error) {
		switch string(name) {
		case "type":
			e.typ, err = s.Value()
		case "record":
			err = scanRecord(s, &e.record)
		case "state":
			e.state, err = s.Value()
		case "trace":
			e.trace, err = s.Value()
		default:
			err = s.Skip()
		}
		return err
	})
	if err != nil {
		return e, err
	}
	return e, s.End()
}

// scanRecord consumes the value of `record`, forgetting an earlier one of the same line.
func scanRecord(s *jsonscan.Scanner, r *recordEnvelope) (err error) {
	*r = recordEnvelope{}
	if s.Peek() != '{' {
		r.raw, err = s.Value()
		return err
	}
	whole, start := s.Rest(), s.Offset()
	err = s.Object(func(name []byte) (err error) {
		switch string(name) {
		case "stream":
			r.stream, err = s.Value()
		case "data":
			r.data, err = s.Value()
		case "namespace":
			r.namespace, err = s.Value()
		case "emitted_at":
			r.emittedAt, err = s.Value()
		case "meta":
			r.meta, err = s.Value()
		default:
			err = s.Skip()
		}
		return err
	})
	r.raw = whole[:s.Offset()-start]
	return err
}
