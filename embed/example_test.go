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
	// openai_compatible/bge-small/384
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
