package astra_test

import (
	"context"
	"errors"
	"fmt"

	"destination-astra/astra"
)

func Example() {
	// A server that stores "a" and refuses "b", in place of a database.
	server := script(responses("a b!0", problem("REQUEST", "DOCUMENT", "SHRED_DOC_LIMIT_VIOLATION", "b")))
	client, err := astra.NewClient(astra.Options{
		Endpoint:  "https://ID-REGION.apps.astra.datastax.com/api/json/v1",
		Token:     "AstraCS:...",
		UserAgent: astra.UserAgent("0.2.0"),
		Transport: server,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	articles := client.Database("default_keyspace").Collection("articles")
	result, err := articles.InsertMany(context.Background(), []astra.Document{note("a"), note("b")})
	fmt.Println("inserted:", result.Inserted)
	var batch *astra.BatchError
	if errors.As(err, &batch) {
		for _, d := range batch.Documents {
			fmt.Println(d.ID, d.Fate)
		}
	}
	// Output:
	// inserted: [a]
	// a inserted
	// b failed
}

// A collection on Astra DB has lexical search unless it is turned off.
func ExampleDisabled() {
	options := astra.CollectionOptions{Lexical: astra.Disabled()}
	fmt.Println(string(options.Lexical), astra.Enabled(options.Lexical))
	// Output: {"enabled":false} false
}
