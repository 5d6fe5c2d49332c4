package protocol

import (
	"encoding/json"
	"strconv"

	"destination-astra/internal/jsonscan"
)

// record builds a Record from its envelope, or returns what is wrong with it.
func (r *Reader) record(e *recordEnvelope) (*Record, string) {
	if !isObject(e.raw) {
		return nil, wrong("record", e.raw, "an object")
	}
	stream, fault := r.descriptor("record.stream", e.stream, "record.namespace", e.namespace)
	if fault != "" {
		return nil, fault
	}
	if !isObject(e.data) {
		return nil, wrong("record.data", e.data, "an object")
	}
	emittedAt, ok := milliseconds(e.emittedAt)
	if !ok {
		return nil, "record.emitted_at is not an integer"
	}
	changes, ok := metaChanges(e.meta)
	if !ok {
		return nil, "record.meta.changes is not a list of changes"
	}
	return &Record{
		Stream: stream,
		// A short line's buffer is used again; whoever builds documents runs later.
		Data:      r.lines.own(e.data),
		EmittedAt: emittedAt,
		Changes:   changes,
	}, ""
}

// state builds a State from the `state` object, or returns what is wrong with it.
func (r *Reader) state(raw []byte) (*State, string) {
	if !isObject(raw) {
		return nil, wrong("state", raw, "an object")
	}
	// States are few, so their members are looked up one by one.
	typ := lookup(raw, "type")
	if isAbsent(typ) {
		return &State{Type: StateLegacy, Raw: r.lines.own(raw)}, ""
	}
	if !isString(typ) {
		return nil, wrong("state.type", typ, "a string")
	}
	s := &State{Type: StateType(jsonscan.Unquote(typ))}
	switch s.Type {
	case StateStream:
		const path = "state.stream.stream_descriptor"
		d := lookup(lookup(raw, "stream"), "stream_descriptor")
		stream, fault := r.descriptor(path+".name", lookup(d, "name"),
			path+".namespace", lookup(d, "namespace"))
		if fault != "" {
			return nil, fault
		}
		s.Stream = stream
	case StateGlobal, StateLegacy:
	default:
		return nil, "state.type is not one of STREAM, GLOBAL, LEGACY"
	}
	s.Raw = r.lines.own(raw)
	return s, ""
}

// status returns the stream status of a trace; nil for other traces. One that cannot be read
// is counted and skipped: without it nothing is deleted, so that nothing is lost.
func (r *Reader) status(l line, trace []byte) *StreamStatus {
	if typ := lookup(trace, "type"); !isString(typ) || string(jsonscan.Unquote(typ)) != "STREAM_STATUS" {
		return nil
	}
	body := lookup(trace, "stream_status")
	d := lookup(body, "stream_descriptor")
	stream, fault := r.descriptor("name", lookup(d, "name"), "namespace", lookup(d, "namespace"))
	status := lookup(body, "status")
	if fault == "" && isString(status) {
		switch text := string(jsonscan.Unquote(status)); text {
		case StatusStarted, StatusRunning, StatusComplete, StatusIncomplete:
			return &StreamStatus{Stream: stream, Status: text}
		}
	}
	r.skip(l)
	return nil
}

// descriptor builds a StreamDescriptor; the paths are for the fault.
func (r *Reader) descriptor(
	namePath string, name []byte, namespacePath string, namespace []byte,
) (StreamDescriptor, string) {
	if !isString(name) {
		return StreamDescriptor{}, wrong(namePath, name, "a string")
	}
	d := StreamDescriptor{Name: r.name(name)}
	if !isAbsent(namespace) {
		if !isString(namespace) {
			return StreamDescriptor{}, wrong(namespacePath, namespace, "a string")
		}
		d.Namespace = r.name(namespace)
	}
	return d, ""
}

// name returns the text of a string token, the same string for the same token.
func (r *Reader) name(token []byte) string {
	if name, ok := r.names[string(token)]; ok {
		return name
	}
	// Bounded, because a broken source may name a stream per record.
	name := string(jsonscan.Unquote(token))
	if len(r.names) < maxNames {
		r.names[string(token)] = name
	}
	return name
}

// wrong says why a value cannot be used.
func wrong(path string, value []byte, wanted string) string {
	if isAbsent(value) {
		return path + " is missing"
	}
	return path + " is not " + wanted
}

// milliseconds reads emitted_at. Some sources print it with a decimal point.
func milliseconds(value []byte) (int64, bool) {
	if isAbsent(value) {
		return 0, true
	}
	if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil || f <= -1<<63 || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// metaChanges reads meta.changes; nil when there are none.
func metaChanges(meta []byte) ([]Change, bool) {
	if isAbsent(meta) {
		return nil, true
	}
	if !isObject(meta) {
		return nil, false
	}
	list := lookup(meta, "changes")
	if isAbsent(list) {
		return nil, true
	}
	var changes []Change
	if err := json.Unmarshal(list, &changes); err != nil {
		return nil, false
	}
	if len(changes) == 0 {
		return nil, true
	}
	return changes, true
}
