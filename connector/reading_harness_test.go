package connector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
	"destination-astra/internal/clients"
	"destination-astra/internal/protocoltest"
	"destination-astra/protocol"
	"destination-astra/reading"
)

// opened is what is opened for a command whose output a test reads whole.
type opened struct {
	*connector.Connector
	w   *world
	out bytes.Buffer
}

// open makes a connector for the world's configuration; network nil is the server's own.
func (w *world) open(network http.RoundTripper) *opened {
	w.t.Helper()
	if network == nil {
		network = w.server.Transport()
	}
	r := &opened{w: w}
	r.Connector = w.connectorOn(network, protocol.NewWriter(&r.out))
	return r
}

// connectorWith prints to another writer.
func (w *world) connectorWith(writer *protocol.Writer) *connector.Connector {
	return w.connectorOn(w.server.Transport(), writer)
}

func (w *world) connectorOn(network http.RoundTripper, writer *protocol.Writer) *connector.Connector {
	w.t.Helper()
	c, err := clients.Open(clients.Options{
		Config: w.config(), Writer: writer, Log: slog.New(protocol.NewLogHandler(writer, slog.LevelInfo)),
		AstraTransport: network, EmbedTransport: w.embedder.Transport(),
	})
	require.NoError(w.t, err)
	return connector.New(c)
}

// printed is one line of a read.
type printed struct {
	Type   string
	Record struct {
		Stream, Namespace string
		Data              map[string]json.RawMessage
	}
	State json.RawMessage
	Trace struct {
		Type         string
		StreamStatus struct{ Status string } `json:"stream_status"`
		Estimate     struct {
			Rows  int64 `json:"row_estimate"`
			Bytes int64 `json:"byte_estimate"`
		}
	}
	Log struct{ Level, Message string }
}

// lines are what was printed, after a look at each by the protocol's schema.
func (r *opened) lines() []printed {
	r.w.t.Helper()
	protocoltest.Validate(r.w.t, r.out.Bytes())
	var all []printed
	for line := range strings.Lines(r.out.String()) {
		var p printed
		require.NoError(r.w.t, json.Unmarshal([]byte(line), &p))
		all = append(all, p)
	}
	return all
}

// read reads the streams from a state, closes, and returns what was printed.
func (r *opened) read(ctx context.Context, from string, streams ...configured) ([]printed, error) {
	r.w.t.Helper()
	state, err := reading.ParseState([]byte(from))
	require.NoError(r.w.t, err)
	_, err = reading.Read(ctx, r.Clients, catalog(r.w.t, streams), state)
	require.NoError(r.w.t, r.Close())
	return r.lines(), err
}

// records are the data of the RECORDs.
func records(lines []printed) []map[string]json.RawMessage {
	var all []map[string]json.RawMessage
	for _, p := range lines {
		if p.Type == "RECORD" {
			all = append(all, p.Record.Data)
		}
	}
	return all
}

// order is what was printed in short: R for a run of records, S for a state, and the
// traces by name.
func order(lines []printed) string {
	var all []string
	for _, p := range lines {
		switch {
		case p.Type == "RECORD" && (len(all) == 0 || all[len(all)-1] != "R"):
			all = append(all, "R")
		case p.Type == "STATE":
			all = append(all, "S")
		case p.Type == "TRACE" && p.Trace.Type == "ESTIMATE":
			all = append(all, "ESTIMATE")
		case p.Type == "TRACE":
			all = append(all, p.Trace.StreamStatus.Status)
		}
	}
	return strings.Join(all, " ")
}

// lastState is the last STATE's body.
func lastState(lines []printed) string {
	state := ""
	for _, p := range lines {
		if p.Type == "STATE" {
			state = string(p.State)
		}
	}
	return state
}

// logged reports whether a line of that level holds the words.
func logged(lines []printed, level, words string) bool {
	for _, p := range lines {
		if p.Type == "LOG" && p.Log.Level == level && strings.Contains(p.Log.Message, words) {
			return true
		}
	}
	return false
}

// fields gives a configured stream a schema of these names.
func fields(names ...string) setting {
	properties := map[string]any{}
	for _, name := range names {
		properties[name] = map[string]any{}
	}
	return func(c configured) {
		c["stream"].(map[string]any)["json_schema"] = map[string]any{"type": "object", "properties": properties}
	}
}

// rows are n rows of a stream.
func rows(name string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, row(name, i, fmt.Sprintf("%s number %d", name, i)))
	}
	return all
}

// stored are the collection's documents with everything in them, by _id.
func (w *world) stored() map[string]map[string]json.RawMessage {
	w.t.Helper()
	all := map[string]map[string]json.RawMessage{}
	for page := "null"; ; {
		reply := w.command(`{"find":{"filter":{},"projection":{"*":1},"options":{"pageState":` + page + `}}}`)
		var data struct {
			Documents     []map[string]json.RawMessage
			NextPageState json.RawMessage
		}
		require.NoError(w.t, json.Unmarshal(reply["data"], &data))
		for _, d := range data.Documents {
			all[string(d["_id"])] = d
		}
		if page = string(data.NextPageState); page == "" || page == "null" {
			return all
		}
	}
}
