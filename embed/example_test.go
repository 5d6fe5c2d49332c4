package embed_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// Search by hand: the stored text that shares words with the question is nearest.
func ExampleNewFake() {
	fake := embed.NewFake()
	texts := []string{"The ferry leaves at dawn.", "The bakery opens at six."}
	vectors, err := fake.Embed(context.Background(), append(texts, "When does the ferry leave?"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(fake.Fingerprint())
	fmt.Println(dot(vectors[0], vectors[2]) > dot(vectors[1], vectors[2]))
	// Output:
	// fake/hashed-words-ngrams-v1/1536
	// true
}

func ExampleNewOpenAICompatible() {
	service := httptest.NewServer(embedtest.NewServer(embedtest.Options{APIKey: "secret", Dimensions: 384}))
	defer service.Close()
	e, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
		BaseURL:    service.URL + "/v1",
		APIKey:     "secret",
		Model:      "bge-small",
		Dimensions: 384,
		Common:     embed.Common{ServiceID: "our-gpus"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.CloseIdleConnections()
	vectors, err := e.Embed(context.Background(), []string{"one text", "another"})
	fmt.Println(len(vectors), len(vectors[0]), err)
	fmt.Println(e.Fingerprint())
	// Output:
	// 2 384 <nil>
	// openai_compatible/bge-small@our-gpus/384
}

// Cohere embeds a question otherwise than the texts that are searched.
func ExampleEmbedQuery() {
	service := httptest.NewServer(embedtest.NewServer(embedtest.Options{
		API: embedtest.Cohere, APIKey: "secret", Dimensions: 384,
	}))
	defer service.Close()
	e, err := embed.NewCohere(embed.CohereOptions{
		APIKey: "secret", Model: "embed-english-light-v3.0", BaseURL: service.URL,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.CloseIdleConnections()
	texts := []string{"The ferry leaves at dawn.", "The bakery opens at six."}
	vectors, err := e.Embed(context.Background(), texts)
	if err != nil {
		fmt.Println(err)
		return
	}
	query, err := embed.EmbedQuery(context.Background(), e, "When does the ferry leave?")
	fmt.Println(dot(query, vectors[0]) > dot(query, vectors[1]), err)
	// Output:
	// true <nil>
}

// Ceilings leave something of a quota to others.
func ExampleNewOpenAI() {
	service := httptest.NewServer(embedtest.NewServer(embedtest.Options{APIKey: "secret"}))
	defer service.Close()
	e, err := embed.NewOpenAI(embed.OpenAIOptions{
		APIKey: "secret", BaseURL: service.URL + "/v1",
		Common: embed.Common{
			RequestsPerMinute: 500,
			MaxConcurrency:    4,
			OnWait:            func(w embed.WaitEvent) { fmt.Println("waiting", w.For, "because", w.Reason) },
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.CloseIdleConnections()
	vectors, err := e.Embed(context.Background(), []string{"one text", "another"})
	fmt.Println(len(vectors), len(vectors[0]), err)
	dollars, _ := embed.Cost(embed.ProviderOpenAI, e.Model(), e.Usage().Tokens)
	fmt.Printf("%d tokens, some $%.7f\n", e.Usage().Tokens, dollars)
	// Output:
	// 2 1536 <nil>
	// 3 tokens, some $0.0000003
}

// An Error says what to do about it.
func ExampleError() {
	service := httptest.NewServer(embedtest.NewServer(embedtest.Options{APIKey: "secret"}))
	defer service.Close()
	e, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
		BaseURL: service.URL + "/v1", APIKey: "wrong key", Dimensions: 384,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.CloseIdleConnections()
	_, err = e.Embed(context.Background(), []string{"a text"})
	var failure *embed.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.HTTPStatus, failure.Code, failure.Message)
		fmt.Println(failure.Setting, failure.ConfigFault(), failure.Retryable())
	}
	// Output:
	// 401 invalid_api_key Incorrect API key provided: Bearer [redacted].
	// embedding.api_key true false
}
