package localastra

import "net/http"

// errorClass is what the Data API's error catalogue says about a code. status is the
// HTTP status, 0 meaning 200: nearly every error travels with status 200.
type errorClass struct {
	family string
	scope  string
	title  string
	status int
}

const (
	familyRequest = "REQUEST"
	familyServer  = "SERVER"
)

// errorTable holds every code this server can answer with, as Data API v1.0.51 was
// observed to print it.
var errorTable = map[string]errorClass{
	"COMMAND_ACCEPTS_NO_OPTIONS":  {familyRequest, "", "Command accepts no options", 0},
	"COMMAND_FIELD_UNKNOWN":       {familyRequest, "", "Command field unknown", 0},
	"COMMAND_FIELD_VALUE_INVALID": {familyRequest, "", "Command field value invalid", 0},
	"COMMAND_UNKNOWN":             {familyRequest, "", "Command is not recognized by Data API", 0},
	"INVALID_CREATE_COLLECTION_FIELD": {familyRequest, "",
		"Invalid field(s) for createCollection", 0},
	"REQUEST_NOT_JSON":           {familyRequest, "", "Request not valid JSON", 0},
	"REQUEST_STRUCTURE_MISMATCH": {familyRequest, "", "Request structure not valid", 0},
	"UNSUPPORTED_CONTENT_TYPE": {familyRequest, "", "Unsupported Content-Type",
		http.StatusUnsupportedMediaType},

	"MISSING_AUTHENTICATION_TOKEN": {familyRequest, "SECURITY", "Missing authorization token",
		http.StatusUnauthorized},
	"UNAUTHENTICATED_REQUEST": {familyRequest, "SECURITY", "Authentication failed", http.StatusUnauthorized},

	"UNAUTHORIZED_ACCESS": {familyRequest, "SECURITY", "Unauthorized access to the database",
		http.StatusUnauthorized},

	"DOCUMENT_ALREADY_EXISTS": {familyRequest, "DOCUMENT", "Document the given _id already exists", 0},
	"DOCUMENT_REPLACE_DIFFERENT_DOCID": {familyRequest, "DOCUMENT",
		"Document the given _id already exists", 0},
	"INVALID_VECTOR_LENGTH": {familyRequest, "DOCUMENT", "Vector values in documents are not valid", 0},
	"SHRED_BAD_BINARY_VECTOR_VALUE": {familyRequest, "DOCUMENT",
		"Bad binary vector value to shred", 0},
	"SHRED_BAD_DOCID_TYPE":            {familyRequest, "DOCUMENT", "Bad type for '_id' field", 0},
	"SHRED_BAD_DOCID_VALUE":           {familyRequest, "DOCUMENT", "Bad value for '_id' field", 0},
	"SHRED_BAD_DOCUMENT_TYPE":         {familyRequest, "DOCUMENT", "Bad document type to shred", 0},
	"SHRED_BAD_DOCUMENT_VECTOR_TYPE":  {familyRequest, "DOCUMENT", "Bad $vector value to shred", 0},
	"SHRED_BAD_DOCUMENT_LEXICAL_TYPE": {familyRequest, "DOCUMENT", "Bad type for '$lexical' field", 0},
	"SHRED_BAD_EJSON_VALUE":           {familyRequest, "DOCUMENT", "Bad JSON Extension value to shred", 0},
	"SHRED_BAD_FIELD_NAME":            {familyRequest, "DOCUMENT", "Document field name not valid", 0},
	"SHRED_BAD_VECTOR_SIZE":           {familyRequest, "DOCUMENT", "Bad $vector value", 0},
	"SHRED_BAD_VECTOR_VALUE":          {familyRequest, "DOCUMENT", "Bad $vector value", 0},
	"SHRED_DOC_LIMIT_VIOLATION":       {familyRequest, "DOCUMENT", "Document size limitation violated", 0},

	"FILTER_FIELDS_LIMIT_VIOLATION": {familyRequest, "FILTER", "Filter fields size limitation violated", 0},
	"FILTER_INVALID_EXPRESSION":     {familyRequest, "FILTER", "Unsupported filter clause", 0},
	"FILTER_PATH_UNINDEXED": {familyRequest, "FILTER",
		"Collection path used in filter clause not indexed", 0},
	"FILTER_UNSUPPORTED_OPERATOR":  {familyRequest, "FILTER", "Unsupported filter operator", 0},
	"UNSUPPORTED_PROJECTION_PARAM": {familyRequest, "PROJECTION", "Unsupported projection parameter", 0},
	"SORT_CLAUSE_INVALID":          {familyRequest, "SORT", "Sort clause used by command not valid", 0},
	"SORT_CLAUSE_PATH_UNINDEXED": {familyRequest, "SORT",
		"Collection field used in sort clause not indexed", 0},
	"OVERLOADED_SORT_ROW_LIMIT":    {familyRequest, "SORT", "Too many rows to sort in memory", 0},
	"UNSUPPORTED_UPDATE_OPERATION": {familyRequest, "UPDATE", "Unsupported update operation", 0},
	"UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID": {familyRequest, "UPDATE",
		"Update operators cannot be used on _id field", 0},

	"EMBEDDING_SERVICE_NOT_CONFIGURED": {familyRequest, "SCHEMA",
		"Embedding service not configured for collection", 0},
	"INVALID_VECTORIZE_VALUE_TYPE":    {familyRequest, "SCHEMA", "Invalid '$vectorize' value type", 0},
	"EMBEDDING_PROVIDER_SERVER_ERROR": {familyServer, "EMBEDDING", "Embedding provider server error", 0},
	"UNSUPPORTED_RERANKING_COMMAND":   {familyRequest, "", "Unsupported reranking command", 0},
	"INVALID_RERANK_OVERRIDE":         {familyRequest, "", "Invalid reranking service override", 0},
	"EXISTING_COLLECTION_DIFFERENT_SETTINGS": {familyRequest, "SCHEMA",
		"Collection already exists with different settings", 0},
	"INVALID_CREATE_COLLECTION_OPTIONS": {familyRequest, "SCHEMA", "Invalid options for createCollection", 0},
	"INVALID_INDEXING_DEFINITION":       {familyRequest, "SCHEMA", "Invalid indexing definition", 0},
	"INVALID_USAGE_OF_VECTORIZE": {familyRequest, "SCHEMA",
		"Invalid use of '$vector' and '$vectorize'", 0},
	"LEXICAL_NOT_ENABLED_FOR_COLLECTION": {familyRequest, "SCHEMA",
		"Lexical search is not enabled for the collection", 0},
	"RERANKING_FEATURE_NOT_ENABLED": {familyRequest, "SCHEMA", "Reranking feature not enabled", 0},
	"TOO_MANY_COLLECTIONS":          {familyRequest, "SCHEMA", "Too many collections", 0},
	"TOO_MANY_INDEXES_FOR_COLLECTION": {familyRequest, "SCHEMA",
		"Cannot create collection due to number of existing indexes", 0},
	"UNKNOWN_COLLECTION_OR_TABLE": {familyRequest, "SCHEMA",
		"Collection or Table does not exist in the Keyspace", 0},
	"UNKNOWN_KEYSPACE":                {familyRequest, "SCHEMA", "Keyspace does not exist in the Database", 0},
	"UNSUPPORTED_SCHEMA_NAME":         {familyRequest, "SCHEMA", "The used schema name is not supported", 0},
	"VECTORIZE_FEATURE_NOT_AVAILABLE": {familyRequest, "SCHEMA", "Vectorize feature not available", 0},
	"VECTOR_SEARCH_NOT_SUPPORTED": {familyRequest, "SCHEMA",
		"Vector search not enabled for collection", 0},
	"VECTOR_SEARCH_TOO_BIG_VALUE": {familyRequest, "SCHEMA", "Vector embedding property too big", 0},

	"DEPRECATED_COMMAND": {familyRequest, "WARNING", "Deprecated command", 0},

	"INTERNAL_SERVER_ERROR":   {familyServer, "", "Internal server error", 0},
	"UNEXPECTED_SERVER_ERROR": {familyServer, "", "Unexpected server error", 0},
	"FAILED_CONCURRENT_OPERATIONS": {familyServer, "DATABASE",
		"Failed to complete concurrent operations on the database", 0},
	"CORRUPTED_COLLECTION_SCHEMA": {familyServer, "DATABASE", "Corrupted collection", 0},
	"FAILED_READ_REQUEST":         {familyServer, "DATABASE", "Failed database request", 0},
	"INVALID_DATABASE_QUERY":      {familyServer, "DATABASE", "Invalid database query", 0},
	"UNEXPECTED_DRIVER_ERROR":     {familyServer, "DATABASE", "Unexpected driver error", 0},
	"UNSUPPORTED_DATABASE_QUERY":  {familyServer, "DATABASE", "Unsupported database query", 0},
}

// refusedQuery is the answer of a Cassandra 5.0 backend to a filter that its indexes
// cannot serve. code is UNSUPPORTED_DATABASE_QUERY or INVALID_DATABASE_QUERY.
func refusedQuery(code string) *apiError {
	how := "that was syntactically incorrect, and was rejected by the database."
	if code == "INVALID_DATABASE_QUERY" {
		how = "that while syntactically correct, was rejected as invalid by the database."
	}
	return newError(code, "The Data API command generated a database query "+how)
}

// driverError is what the real server says when its database driver fails. Its outcome
// is unknown to clients: the real server says it for requests that ran out of time and
// were carried out all the same.
func driverError(problem string) *apiError {
	return newError("UNEXPECTED_DRIVER_ERROR", "An unexpected server error occurred while using the driver "+
		"with the database. \n\n"+problem+"\n\nReview the Error Message before retrying this request.")
}
