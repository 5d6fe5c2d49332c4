package protocol_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"destination-astra/protocol"
)

// A destination reads records, stores them, and sends each state back with its count.
func Example() {
	stdin := strings.NewReader(`{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":1}}
{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}},"id":7}}
`)
	reader := protocol.NewReader(stdin, protocol.ReaderOptions{})
	writer := protocol.NewWriter(os.Stdout)
	var stats protocol.DestinationStats
	for {
		m, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			_ = writer.TraceError(protocol.ErrorTrace{Message: err.Error()})
			return
		}
		switch {
		case m.Record != nil:
			stats.RecordCount++
			_ = writer.Log(protocol.LogInfo, fmt.Sprintf("%s: %s", m.Record.Stream, m.Record.Data), "")
		case m.State != nil:
			_ = writer.State(m.State, &stats)
			stats = protocol.DestinationStats{}
		}
	}
	// Output:
	// {"type":"LOG","log":{"level":"INFO","message":"users: {\"id\":1}"}}
	// {"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}},"id":7,"destinationStats":{"recordCount":1.0,"rejectedRecordCount":0.0}}}
}

func ExampleParseCatalog() {
	_, err := protocol.ParseCatalog([]byte(`{"streams":[
		{"stream":{"name":"users"},"sync_mode":"full_refresh","destination_sync_mode":"upsert"},
		{"stream":{"name":"users"},"sync_mode":"full_refresh","destination_sync_mode":"append"}
	]}`))
	var problems *protocol.CatalogError
	if errors.As(err, &problems) {
		for _, p := range problems.Problems {
			fmt.Println(p)
		}
	}
	// Output:
	// streams[0].destination_sync_mode: "upsert" is not one of append, overwrite, append_dedup, update, soft_delete
	// streams[1].stream: "users" is also streams[0].stream
}

func ExampleNewLogHandler() {
	logger := slog.New(protocol.NewLogHandler(protocol.NewWriter(os.Stdout), slog.LevelInfo))
	logger.Info("flushed", "stream", "public.users", "documents", 100)
	// Output:
	// {"type":"LOG","log":{"level":"INFO","message":"flushed stream=public.users documents=100"}}
}
