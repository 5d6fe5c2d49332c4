package astra

// Limits of the Data API: its defaults in v1.0.51, each observed, under the names that its
// configuration has for them. Its users find them at
// https://docs.datastax.com/en/astra-db-serverless/api-reference/dataapi-limits.html.
const (
	// MaxInsertDocuments is the most documents of one insertMany
	// (operations.max-document-insert-count; more are refused as a whole).
	MaxInsertDocuments = 100
	// MaxDeleteDocuments is how many documents one deleteMany deletes; then the server says
	// that there are more (operations.max-document-delete-count).
	MaxDeleteDocuments = 20
	// MaxInValues is the most values of one $in or $nin (operations.max-in-operator-value-size).
	MaxInValues = 100
	// MaxVectorSearch is the most documents of one search by vector
	// (operations.max-vector-search-limit; a greater limit is refused).
	MaxVectorSearch = 1000
)
