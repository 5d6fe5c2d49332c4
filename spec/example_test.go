package spec_test

import (
	"errors"
	"fmt"

	"destination-astra/spec"
)

func ExampleParse() {
	config, warnings, err := spec.Parse([]byte(`{
	  "embedding": {"mode": "openai", "openai_key": "sk-1", "model": "text-embedding-3-large"},
	  "processing": {"chunk_size": 512, "chunk_overlapp": 50},
	  "indexing": {
	    "astra_db_app_token": "",
	    "astra_db_endpoint": "local:data",
	    "astra_db_keyspace": "default_keyspace",
	    "collection": "articles"
	  }
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, _ := config.Indexing.Endpoint.IsLocal()
	fmt.Println("folder:", dir)
	fmt.Println("dimension:", config.EmbedderDimension())
	fmt.Println("key:", config.Embedding.OpenAIKey)
	fmt.Println("warning:", warnings[0].Path)
	// Output:
	// folder: data
	// dimension: 3072
	// key: [redacted]
	// warning: processing.chunk_overlapp
}

func ExampleErrors() {
	_, _, err := spec.Parse([]byte(`{
	  "embedding": {"mode": "fake"},
	  "processing": {"chunk_size": 0},
	  "indexing": {}
	}`))
	problems, _ := errors.AsType[spec.Errors](err)
	for _, p := range problems {
		fmt.Println(p.Path)
	}
	// Output:
	// processing.chunk_size
	// indexing.astra_db_endpoint
	// indexing.astra_db_keyspace
	// indexing.collection
	// indexing.astra_db_app_token
}
