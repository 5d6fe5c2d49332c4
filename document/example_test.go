package document_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"destination-astra/document"
	"destination-astra/protocol"
)

func ExampleBuilder_Build() {
	builder, err := document.NewBuilder(document.Options{
		TextFields:     []string{"title", "authors.*.name"},
		MetadataFields: []string{"id", "$ref"},
		Embedder:       "openai/text-embedding-3-small/1536",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	books := &document.Stream{
		Descriptor: protocol.StreamDescriptor{Namespace: "shop", Name: "books"},
		Identity:   document.IdentityKey, PrimaryKey: [][]string{{"id"}}, Dedup: true,
	}
	record, err := builder.Build(books, &protocol.Record{Data: json.RawMessage(
		`{"id": 7, "$ref": "b7", "title": "Fog", "authors": [{"name": "Ann"}, {"name": "Bo"}]}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range record.Documents {
		fmt.Printf("%q\n", d.Text)
		stored := string(d.AppendJSON(nil, nil)[len(`{"_id":"`)+64:])
		fmt.Println(strings.ReplaceAll(stored, `,"`, "\n\""))
	}
	fmt.Println(record.RecordID, record.Renamed)

	_, err = builder.Build(books, &protocol.Record{Data: json.RawMessage(`{"id": 8}`)})
	var rejected *document.RejectError
	fmt.Println(errors.As(err, &rejected), err)
	// Output:
	// "title: Fog\nauthors.*.name: Ann\nBo"
	// "
	// "_ab_chunk_index":0
	// "_ab_embedder":"openai/text-embedding-3-small/1536"
	// "_ab_field__Sref":"b7"
	// "_ab_record_id":"shop_books_7"
	// "_ab_stream":"shop_books"
	// "_ab_text_hash":"6d4bc4ba5651e7c4a8ada91d495919a1"
	// "id":7
	// "text":"title: Fog\nauthors.*.name: Ann\nBo"}
	// shop_books_7 [{$ref _ab_field__Sref}]
	// true document: stream shop.books: record shop_books_8: no text: none of processing.text_fields is in the record
}
