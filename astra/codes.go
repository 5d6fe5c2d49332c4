package astra

// The two families of error codes (errors.yaml of the Data API): the request is at fault, or
// the server and its database are.
const (
	FamilyRequest = "REQUEST"
	FamilyServer  = "SERVER"
)

// Error codes of the Data API that callers tell apart, in the spelling of its errors.yaml in
// v1.0.51. [Error.HasCode] also matches the spelling of older servers.
const (
	CodeDocumentAlreadyExists  = "DOCUMENT_ALREADY_EXISTS"
	CodeUnknownCollection      = "UNKNOWN_COLLECTION_OR_TABLE"
	CodeUnknownKeyspace        = "UNKNOWN_KEYSPACE"
	CodeDifferentSettings      = "EXISTING_COLLECTION_DIFFERENT_SETTINGS"
	CodeUnsupportedSchemaName  = "UNSUPPORTED_SCHEMA_NAME"
	CodeTooManyCollections     = "TOO_MANY_COLLECTIONS"
	CodeTooManyIndexes         = "TOO_MANY_INDEXES_FOR_COLLECTION"
	CodeInvalidVectorLength    = "INVALID_VECTOR_LENGTH"
	CodeDocumentLimitViolation = "SHRED_DOC_LIMIT_VIOLATION"
	CodeInvalidDatabaseQuery   = "INVALID_DATABASE_QUERY"
	CodeUnsupportedQuery       = "UNSUPPORTED_DATABASE_QUERY"
	CodeFilterPathUnindexed    = "FILTER_PATH_UNINDEXED"
	CodeUnknownCommand         = "COMMAND_UNKNOWN"
	CodeNoVectorize            = "VECTORIZE_FEATURE_NOT_AVAILABLE"
	CodeUnauthenticated        = "UNAUTHENTICATED_REQUEST"
	CodeUnauthorized           = "UNAUTHORIZED_ACCESS"
	CodeMissingToken           = "MISSING_AUTHENTICATION_TOKEN"
	CodeUnexpectedDriverError  = "UNEXPECTED_DRIVER_ERROR"
	CodeUnexpectedServerError  = "UNEXPECTED_SERVER_ERROR"
)

// Codes that both tables below name.
const (
	codeConcurrentOperations = "FAILED_CONCURRENT_OPERATIONS"
	codeFailedWrite          = "FAILED_WRITE_REQUEST"
	codeFailedRead           = "FAILED_READ_REQUEST"
	codeNoDatabase           = "FAILED_TO_CONNECT_TO_DATABASE"
	codeInternalServerError  = "INTERNAL_SERVER_ERROR"
)

// codeAliases maps what servers before about v1.0.41 (March 2026) said to today's code.
var codeAliases = map[string]string{
	"COLLECTION_NOT_EXIST":             CodeUnknownCollection,
	"KEYSPACE_DOES_NOT_EXIST":          CodeUnknownKeyspace,
	"NAMESPACE_DOES_NOT_EXIST":         CodeUnknownKeyspace,
	"TOO_MANY_INDEXES":                 CodeTooManyIndexes,
	"VECTOR_SIZE_MISMATCH":             CodeInvalidVectorLength,
	"NO_COMMAND_MATCHED":               CodeUnknownCommand,
	"SHRED_DOC_KEY_NAME_VIOLATION":     "SHRED_BAD_FIELD_NAME",
	"SHRED_BAD_DOCID_EMPTY_STRING":     "SHRED_BAD_DOCID_VALUE",
	"CONCURRENCY_FAILURE":              codeConcurrentOperations,
	"SERVER_INTERNAL_ERROR":            codeInternalServerError,
	"SERVER_DRIVER_TIMEOUT":            CodeUnexpectedDriverError,
	"SERVER_TIMEOUT":                   CodeUnexpectedDriverError,
	"SERVER_DRIVER_FAILURE":            CodeUnexpectedDriverError,
	"SERVER_FAILURE":                   CodeUnexpectedDriverError,
	"SERVER_CLOSED_CONNECTION":         CodeUnexpectedDriverError,
	"SERVER_COORDINATOR_FAILURE":       CodeUnexpectedDriverError,
	"SERVER_QUERY_EXECUTION_FAILURE":   CodeUnexpectedDriverError,
	"SERVER_QUERY_CONSISTENCY_FAILURE": codeFailedWrite,
	"SERVER_READ_FAILED":               codeFailedRead,
	"SERVER_NO_NODE_AVAILABLE":         codeNoDatabase,
	"SERVER_UNHANDLED_ERROR":           CodeUnexpectedServerError,
	"UNINDEXED_FILTER_PATH":            CodeFilterPathUnindexed,
}

// behaviour is what a code means for a repeat.
type behaviour struct {
	retryable bool
	// unknown: the write may have been applied, or may still be.
	unknown bool
	// doubtful: the cause may as well lie in the request ("Review the Error Message
	// before retrying"): a zero vector gives the same UNEXPECTED_SERVER_ERROR every
	// time. See [patience].
	doubtful bool
}

// behaviours lists the codes of family SERVER (errors.yaml of the Data API, v1.0.51).
// A code of family REQUEST is never retryable. An unlisted SERVER code is doubtful.
var behaviours = map[string]behaviour{
	"COUNT_READ_FAILED":       {retryable: true},
	codeConcurrentOperations:  {retryable: true},
	codeNoDatabase:            {retryable: true},
	"FAILED_TO_READ_METADATA": {retryable: true},
	codeFailedRead:            {retryable: true},
	"TIMEOUT_READING_DATA":    {retryable: true},
	"UNAVAILABLE_DATABASE":    {retryable: true},
	CodeUnknownKeyspace:       {retryable: true},
	"FAILED_COMPARE_AND_SET":  {retryable: true, unknown: true},
	"FAILED_TRUNCATION":       {retryable: true, unknown: true},
	codeFailedWrite:           {retryable: true, unknown: true},
	"TIMEOUT_WRITING_DATA":    {retryable: true, unknown: true},

	codeInternalServerError:     {retryable: true, unknown: true, doubtful: true},
	CodeUnexpectedServerError:   {retryable: true, unknown: true, doubtful: true},
	CodeUnexpectedDriverError:   {retryable: true, unknown: true, doubtful: true},
	"COLLECTION_NO_INDEX_ERROR": {retryable: true, doubtful: true},

	"INVALID_COLLECTION_QUERY":          {},
	"COLLECTION_SCHEMA_VERSION_INVALID": {},
	"UNEXPECTED_DOCUMENT_ID_TYPE":       {},
	CodeInvalidDatabaseQuery:            {},
	CodeUnsupportedQuery:                {},
	"CORRUPTED_COLLECTION_SCHEMA":       {},
}

// canonical is today's spelling of a code.
func canonical(code string) string {
	if today, ok := codeAliases[code]; ok {
		return today
	}
	return code
}

// behaviourOf judges one error entry. Old servers gave no family; then the table alone
// decides, except for the missing keyspace, which is transient only as a SERVER error.
func behaviourOf(family, code string) behaviour {
	known := canonical(code)
	b, listed := behaviours[known]
	switch {
	case family == FamilyRequest, family == "" && known == CodeUnknownKeyspace:
		return behaviour{}
	case !listed && family == FamilyServer:
		return behaviour{retryable: true, unknown: true, doubtful: true}
	}
	return b
}
