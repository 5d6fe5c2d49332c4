package langchain_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tmc/langchaingo/schema"
	"github.com/tmc/langchaingo/vectorstores"

	"destination-astra/astra"
	"destination-astra/embed"
	"destination-astra/langchain"
	"destination-astra/localastra"
)

// A program of your own has the endpoint and the token of a database here, and the
// embedder of the connector's configuration.
func Example() {
	ctx := context.Background()
	server, err := localastra.Open(localastra.Options{Memory: true})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := astra.NewClient(astra.Options{Endpoint: "http://local/v1", Transport: server.Transport()})
	if err != nil {
		log.Fatal(err)
	}
	embedder := embed.NewFake()
	database := client.Database("default_keyspace")
	vector := &astra.VectorOptions{Dimension: embedder.Dimension(), Metric: "cosine"}
	if err := database.CreateCollection(ctx, "pages", astra.CollectionOptions{Vector: vector}); err != nil {
		log.Fatal(err)
	}

	store, err := langchain.NewStore(langchain.Options{
		Collection: database.Collection("pages"), Embedder: langchain.NewEmbedder(embedder),
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = store.AddDocuments(ctx, []schema.Document{
		{PageContent: "Ada wrote the first program", Metadata: map[string]any{"year": 1843}},
		{PageContent: "Grace wrote the first compiler", Metadata: map[string]any{"year": 1952}},
	})
	if err != nil {
		log.Fatal(err)
	}

	retriever := vectorstores.ToRetriever(store, 1, vectorstores.WithFilters(map[string]any{"year": 1952}))
	found, err := retriever.GetRelevantDocuments(ctx, "who wrote the first program")
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range found {
		fmt.Println(d.PageContent, d.Metadata["year"])
	}
	// Output: Grace wrote the first compiler 1952
}
