package chunk_test

import (
	"fmt"

	"destination-astra/chunk"
)

func ExampleSplitter_Split() {
	splitter, err := chunk.NewSplitter(chunk.Options{ChunkSize: 8, ChunkOverlap: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, piece := range splitter.Split("Rain fell on the tin roof all night. In the morning the gutters sang.") {
		fmt.Printf("%q\n", piece)
	}
	// Output:
	// "Rain fell on the"
	// "on the tin roof"
	// "roof all night."
	// "night. In the morning"
	// "the morning the gutters"
	// "gutters sang."
}

func ExampleTokenizer() {
	tokens, err := chunk.NewTokenizer("cl100k_base")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tokens.Encode("Hello, world"), tokens.Count("Hello, world"))
	// Output: [9906 11 1917] 3
}
