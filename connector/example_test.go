package connector_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"destination-astra/connector"
	"destination-astra/internal/clients"
	"destination-astra/localastra"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// A write reads Airbyte messages and gives each state back once everything
// before it is stored.
func ExampleConnector_Write() {
	config, _, err := spec.Parse([]byte(`{"embedding": {"mode": "fake"}, "processing": {"chunk_size": 1000},
		"indexing": {"astra_db_endpoint": "http://localhost/v1", "astra_db_app_token": "t",
		"astra_db_keyspace": "default_keyspace", "collection": "articles"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := localastra.Open(localastra.Options{Memory: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	c, err := clients.Open(clients.Options{
		Config: config, Writer: protocol.NewWriter(os.Stdout), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		AstraTransport: server.Transport(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	catalog, err := protocol.ParseCatalog([]byte(`{"streams":[{"stream":{"name":"news","json_schema":{},
		"supported_sync_modes":["full_refresh"]},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	input := strings.NewReader(`{"type":"RECORD","record":{"stream":"news","emitted_at":1,"data":{"title":"Hello"}}}
{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"news"},"stream_state":{"page":1}}}}
`)
	summary, err := connector.New(c).Write(context.Background(), catalog, input)
	fmt.Println(summary.Records, summary.Embedded, err)
	// Output:
	// {"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"news"},"stream_state":{"page":1}},"destinationStats":{"recordCount":1.0,"rejectedRecordCount":0.0,"additionalStats":{"chunks":1.0,"deleted":0.0,"embedded":1.0,"retries":0.0,"reused":0.0,"tokens":0.0}}}}
	// 1 1 <nil>
}
